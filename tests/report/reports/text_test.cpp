#include "gibbon/report/reports/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "report/demo_run.hpp"
#include "report/small_run.hpp"

namespace gibbon::report {
namespace {

TEST(ParetoTable, HasUnitsAndTheMostAccurateFirst) {
  RunData data = small_run();
  data.finals.push_back(data.finals[0]);
  data.finals[1].id = "a-design-with-a-long-name";
  data.finals[1].metrics.values = {95.125, 12345.6, 0.01, 0.00012, 123.45, 0};
  data.finals[1].on_front = false;
  EXPECT_EQ(pareto_table(data),
            "Design       Top-1 %  Latency ms  Energy mJ  EDP ms*mJ  Area mm2  Power W  Front\n"
            "a-design-w..   95.12       12346    0.01000   1.20e-04     123.5        0     no\n"
            "01             92.25       2.000     0.2500     0.5000     10.00   0.1250    yes\n");
  EXPECT_EQ(pareto_table(RunData{}), "No final designs yet.\n");
}

TEST(LayerTable, AddsThePartsOfEachLayerAndOfTheWhole) {
  // Area 3 + 1 = 4 mm2, of it the ADC 75 %; energy 750 + 250 nJ = 1 uJ = 0.001 mJ, of it the ADC
  // 75 %; 2e6 operations / 1000 nJ = 2000 operations a nJ = 2 operations a pJ = 2 TOPS/W.
  EXPECT_EQ(layer_table(small_run().finals[0].simulation),
            "Layer             Type        Tiles   PEs Used %  Finish us  Area mm2  Energy uJ\n"
            "conv1             conv            2     8   50.0      2.000     4.000      1.000\n"
            "\n"
            "Component               Area mm2       %     Power W     Energy uJ       %\n"
            "crossbar                   1.000    25.0           0        0.2500    25.0\n"
            "adc                        3.000    75.0      0.5000        0.7500    75.0\n"
            "\n"
            "Latency 2.000 ms, energy 0.001000 mJ, area 4.000 mm2, power 0.5000 W\n"
            "0.002000 GOP an inference (1 MAC = 2 operations), 2.000 TOPS/W\n");
}

TEST(LayerTable, LongNamesKeepWhatTellsThemApart) {
  sim::SimulationResult result = small_run().finals[0].simulation;
  result.layers[0].name = "a_name_of_18_chars";
  EXPECT_NE(layer_table(result).find("\na_name_of_18_ch.. conv "), std::string::npos);
  result.layers[0].name = "/blocks/1/attention/MatMul";
  EXPECT_NE(layer_table(result).find("\n..ttention/MatMul conv "), std::string::npos);
  result.layers[0].name = "/block/1/MatMul_1";  // 17 characters
  EXPECT_NE(layer_table(result).find("\n/block/1/MatMul_1 conv "), std::string::npos);
}

/// Two layers in turn, 2 and 1 us; the chip's 3 mm2 belong to no layer.
sim::SimulationResult digital_result() {
  sim::SimulationResult result;
  result.latency_ns = 3000;
  result.shared_area_um2[sim::Component::kSharedMemory] = 3e6;
  sim::LayerResult layer;
  layer.name = "b1.norm1";
  layer.type = "layer_norm";
  layer.finish_ns = 2000;
  layer.energy_nj[sim::Component::kDram] = 500;
  layer.bound_by = "shared memory";
  result.layers.push_back(layer);
  layer.name = "b1.query";
  layer.type = "conv";
  layer.processing_elements = 64;
  layer.utilization = 0.75;
  layer.begin_ns = 2000;
  layer.finish_ns = 3000;
  layer.bound_by = "dram";
  result.layers.push_back(layer);
  return result;
}

TEST(LayerTable, NamesWhatALayerWaitsForWhereTheModelDoes) {
  EXPECT_EQ(layer_table(digital_result()),
            "Layer             Type         PEs  Used %   Time us   Energy uJ  Bound by\n"
            "b1.norm1          layer_norm     0     0.0     2.000      0.5000  shared memory\n"
            "b1.query          conv          64    75.0     1.000      0.5000  dram\n"
            "\n"
            "Component               Area mm2       %     Power W     Energy uJ       %\n"
            "shared_memory              3.000   100.0           0             0     0.0\n"
            "dram                           0     0.0           0         1.000   100.0\n"
            "\n"
            "Latency 0.003000 ms, energy 0.001000 mJ, area 3.000 mm2, power 0 W\n"
            "0 GOP an inference (1 MAC = 2 operations), 0 TOPS/W\n");
}

TEST(Tables, FitIntoEightyColumns) {
  const RunData data = demo_run(1);
  std::istringstream lines(pareto_table(data) + layer_table(data.finals[0].simulation) +
                           layer_table(digital_result()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

}  // namespace
}  // namespace gibbon::report
