#include "gibbon/report/reports/csv.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "report/small_run.hpp"

namespace gibbon::report {
namespace {

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_field("plain text; é"), "plain text; é");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field("return\r"), "\"return\r\"");
}

TEST(Csv, CandidatesHaveALineEachInTheOrderOfTheRun) {
  // Of the two feasible designs the last is more accurate and smaller, so it is the whole front.
  EXPECT_EQ(candidates_csv(small_run()),
            "id,iteration,genome,accuracy_top1,latency_ms,energy_mj,edp_ms_mj,area_mm2,power_w,"
            "one_shot_accuracy_top1,predicted_accuracy_top1,predicted_latency_ms,"
            "predicted_energy_mj,predicted_edp_ms_mj,predicted_area_mm2,predicted_power_w,"
            "feasible,on_front,infeasible_reason\n"
            "0,0,02,88,2,0.25,0.5,12,0.125,91,,,,,,,1,0,\n"
            "1,0,00,0,4,1,4,30,0.25,91,,,,,,,0,0,\"area is 30, \"\"too large\"\"\"\n"
            "2,1,12,90.5,2,0.25,0.5,10,0.125,91,90,2,0.25,0.5,10,0.125,1,1,\n");
}

TEST(Csv, ParetoHasTheTestFiguresAndTheWayToThem) {
  EXPECT_EQ(pareto_csv(small_run()),
            "id,genome,accuracy_top1,latency_ms,energy_mj,edp_ms_mj,area_mm2,power_w,"
            "validation_accuracy_top1,search_accuracy_top1,one_shot_accuracy_top1,"
            "quantized_test_accuracy_top1,test_images,on_front\n"
            "01,12,92.25,2,0.25,0.5,10,0.125,92.5,90.5,91,93,100,1\n");
}

TEST(Csv, ParetoIsSortedByAccuracyAndLeavesTheUnknownEmpty) {
  RunData data = small_run();
  data.finals.push_back(data.finals[0]);
  data.finals[1].id = "02";
  data.finals[1].metrics[space::Metric::kAccuracy] = 95;
  data.finals[1].one_shot_accuracy = std::nan("");
  const std::string csv = pareto_csv(data);
  EXPECT_NE(csv.find("\n02,12,95,2,0.25,0.5,10,0.125,92.5,90.5,,93,100,1\n01,"), std::string::npos)
      << csv;
}

TEST(Csv, NumbersReadBackExactly) {
  RunData data = small_run();
  data.evaluations.resize(1);
  data.evaluations[0].metrics[space::Metric::kLatency] = 1.0 / 3;
  const std::string csv = candidates_csv(data);
  EXPECT_NE(csv.find(",0.3333333333333333,"), std::string::npos) << csv;
}

TEST(Csv, LayersHaveALineForEachComponent) {
  const std::string csv = layers_csv(small_run().finals[0].simulation);
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "layer,type,tiles,processing_elements,crossbars,utilization,begin_ns,finish_ns,"
            "component,area_um2,power_w,energy_nj,busy_ns");
  std::getline(lines, line);
  EXPECT_EQ(line, "conv1,conv,2,8,64,0.5,100,2000,crossbar,1000000,0,250,0");
  std::getline(lines, line);
  EXPECT_EQ(line, "conv1,conv,2,8,64,0.5,100,2000,adc,3000000,0.5,750,1500");
  int rest = 0;
  while (std::getline(lines, line)) ++rest;
  EXPECT_EQ(rest, static_cast<int>(sim::kComponentCount) - 2);
}

TEST(LayersCsv, AreaOfTheWholeChipBelongsToNoLayer) {
  sim::SimulationResult result;
  result.shared_area_um2[sim::Component::kSharedMemory] = 2.5;
  const std::string csv = layers_csv(result);
  EXPECT_EQ(csv.substr(csv.find('\n') + 1), ",chip,,,,,,,shared_memory,2.5,,,\n");
}

}  // namespace
}  // namespace gibbon::report
