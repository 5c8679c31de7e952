#include "gibbon/report/reports/json.hpp"

#include <gtest/gtest.h>

#include "report/small_run.hpp"

namespace gibbon::report {
namespace {

TEST(SummaryJson, HasTheRunAndEachFinalDesignWithUnits) {
  const base::Json expected = base::Json::parse(R"({
    "run": {"name": "small", "version": "0.1.0", "seed": 3, "threads": 1, "machine": "a machine",
            "dataset": "toy", "space": "tiny", "space_log10_size": 0.5,
            "space_fingerprint": "", "searcher": "random",
            "objective": "pareto", "metrics": ["accuracy_top1", "area_mm2"],
            "constraints": ["area_mm2 <= 20"]},
    "iterations": 1, "designs_evaluated": 3, "hypervolume": 0.25,
    "stage_seconds": {"search": 60.0, "predictor": 1.5},
    "designs": [{"id": "01", "genome": "12", "accuracy_top1": 92.25, "latency_ms": 2.0,
                 "energy_mj": 0.25, "edp_ms_mj": 0.5, "area_mm2": 10.0, "power_w": 0.125,
                 "validation_accuracy_top1": 92.5, "search_accuracy_top1": 90.5,
                 "one_shot_accuracy_top1": 91.0, "quantized_test_accuracy_top1": 93.0,
                 "test_images": 100, "on_front": true,
                 "choices": {"b0.kernel": 3.0, "adc_bits": 8.0}}]})");
  EXPECT_EQ(summary_json(small_run()).dump(1), expected.dump(1));
}

TEST(SummaryJson, OfARunThatHasJustBegun) {
  const base::Json json = summary_json(RunData{});
  EXPECT_TRUE(json.at("hypervolume").is_null());
  EXPECT_TRUE(json.at("designs").empty());
}

}  // namespace
}  // namespace gibbon::report
