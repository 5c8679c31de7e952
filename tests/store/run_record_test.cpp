#include "gibbon/store/run_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

base::Json through_text(const base::Json& json) {
  return base::Json::parse(json.dump());
}

RunFacts facts() {
  RunFacts facts;
  facts.name = "demo \"<é>\"";
  facts.version = "0.1.0";
  facts.seed = 0xffffffffffffffffULL;  // larger than a double can hold
  facts.threads = 8;
  facts.machine = "Some CPU";
  facts.dataset = "cifar-10";
  facts.space = "small";
  facts.space_log10_size = 17.3;
  facts.searcher = "esapp";
  facts.objective = "pareto";
  facts.metrics = {space::Metric::kAccuracy, space::Metric::kEdp};
  facts.constraints = {"area_mm2 <= 20"};
  facts.genes = {{"stage1.kernel", "kernel", space::GenePart::kNetwork, 3, {3, 5}},
                 {"hardware.adc_bits", "adc_bits", space::GenePart::kHardware, -1, {4, 6, 8}},
                 {"w", "weight_bits", space::GenePart::kQuantization, 0, {0.1}}};
  return facts;
}

TEST(RunFacts, ComeBackThroughText) {
  const RunFacts before = facts();
  const RunFacts after = run_facts_from_json(through_text(to_json(before)));
  EXPECT_EQ(to_json(after), to_json(before));
  EXPECT_EQ(after.seed, 0xffffffffffffffffULL);
  EXPECT_THAT(after.metrics, ElementsAre(space::Metric::kAccuracy, space::Metric::kEdp));
  ASSERT_EQ(after.genes.size(), 3u);
  EXPECT_EQ(after.genes[1].part, space::GenePart::kHardware);
  EXPECT_EQ(after.genes[1].block, -1);
  EXPECT_THAT(after.genes[1].choices, ElementsAre(4, 6, 8));
  EXPECT_EQ(after.genes[2].part, space::GenePart::kQuantization);
  EXPECT_EQ(after.genes[0].slot, "kernel");
}

TEST(RunFacts, RefuseAnUnknownPartAndAMissingKey) {
  base::Json json = to_json(facts());
  json["genes"][0]["part"] = "roof";
  EXPECT_THAT([&] { run_facts_from_json(json); },
              ThrowsMessage<base::Error>(
                  HasSubstr("unknown part \"roof\" (network, quantization or hardware)")));
  json = to_json(facts());
  json.erase("seed");
  EXPECT_THAT([&] { run_facts_from_json(json); },
              ThrowsMessage<base::Error>(
                  AllOf(StartsWith("run facts cannot be read: "), HasSubstr("seed"))));
}

TEST(IterationRecord, ComesBackThroughText) {
  IterationRecord before;
  before.iteration = 7;
  before.evaluated = 4'000'000'000;
  before.hypervolume = 1.0 / 3;
  before.best = {{space::Metric::kAccuracy, 91.2}, {space::Metric::kArea, 3.5}};
  before.searcher_statistics = {{"entropy.kernel", 0.7}, {"equivalent_log10_size", 9.1}};
  before.predicted_count = 16;
  before.accuracy_kendall_tau = std::nan("");  // none: all predictions were equal
  before.accuracy_mean_abs_error = 0.4;
  before.latency_relative_error = 0.01;
  before.energy_relative_error = 0.02;
  before.area_relative_error = 0.03;
  before.seconds = 12.5;
  const IterationRecord after = iteration_from_json(through_text(to_json(before)));
  EXPECT_TRUE(std::isnan(after.accuracy_kendall_tau));
  EXPECT_EQ(through_text(to_json(after)), through_text(to_json(before)));
  EXPECT_EQ(after.evaluated, 4'000'000'000);
  EXPECT_EQ(after.best, before.best);
  EXPECT_THAT([] { iteration_from_json(base::Json::object()); },
              ThrowsMessage<base::Error>(StartsWith("iteration record cannot be read: ")));
}

FinalRecord final_record() {
  FinalRecord record;
  record.id = "01";
  record.genome = {0, 12, 35};
  record.one_shot_accuracy = 90.1;
  record.search_accuracy = 88.2;
  record.quantized_test_accuracy = 93.3;
  record.validation_metrics.values = {92, 1, 2, 2, 3, 4};
  record.metrics.values = {91, 1, 2, 2, 3, 4};
  record.test_images = 10000;
  record.on_front = true;
  record.network = {{"layers", {1, 2}}};
  record.hardware = {{"crossbar_rows", 128}};
  sim::LayerResult layer;
  layer.name = "conv1";
  layer.type = "conv";
  layer.processing_elements = 4;
  layer.tiles = 2;
  layer.crossbars = 64;
  layer.utilization = 2.0 / 3;
  layer.begin_ns = 10;
  layer.finish_ns = 30.25;
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    const double value = static_cast<double>(i) / 7;  // the first is 0 and left out
    layer.busy_ns.values[i] = value;
    layer.area_um2.values[i] = value + 1;
    layer.power_w.values[i] = value + 2;
    layer.energy_nj.values[i] = value + 3;
  }
  layer.bound_by = "dram";
  record.simulation = {{layer, sim::LayerResult{}}, 123.5, 1e9};
  record.simulation.shared_area_um2[sim::Component::kSharedMemory] = 1.0 / 3;
  return record;
}

TEST(FinalRecord, ComesBackThroughTextWithTheSimulationExact) {
  const FinalRecord before = final_record();
  const FinalRecord after = final_from_json(through_text(to_json(before)));
  EXPECT_EQ(to_json(after), to_json(before));
  EXPECT_EQ(after.genome, before.genome);
  EXPECT_EQ(after.metrics, before.metrics);
  EXPECT_TRUE(after.on_front);
  ASSERT_EQ(after.simulation.layers.size(), 2u);
  const sim::LayerResult& layer = after.simulation.layers[0];
  EXPECT_EQ(layer.name, "conv1");
  EXPECT_EQ(layer.utilization, 2.0 / 3);
  EXPECT_EQ(layer.busy_ns.values, before.simulation.layers[0].busy_ns.values);
  EXPECT_EQ(layer.area_um2.values, before.simulation.layers[0].area_um2.values);
  EXPECT_EQ(layer.power_w.values, before.simulation.layers[0].power_w.values);
  EXPECT_EQ(layer.energy_nj.values, before.simulation.layers[0].energy_nj.values);
  EXPECT_EQ(layer.bound_by, "dram");
  EXPECT_EQ(after.simulation.shared_area_um2.values, before.simulation.shared_area_um2.values);
  EXPECT_EQ(after.simulation.latency_ns, 123.5);
  EXPECT_EQ(after.simulation.operations, 1e9);
}

TEST(FinalRecord, RefusesAnUnknownComponentAndAMissingKey) {
  base::Json json = to_json(final_record());
  json["simulation"]["layers"][0]["energy_nj"]["flux_capacitor"] = 1;
  EXPECT_THAT([&] { final_from_json(json); },
              ThrowsMessage<base::Error>(HasSubstr("unknown component \"flux_capacitor\"")));
  json = to_json(final_record());
  json.erase("network");
  EXPECT_THAT([&] { final_from_json(json); },
              ThrowsMessage<base::Error>(StartsWith("final design cannot be read: ")));
}

}  // namespace
}  // namespace gibbon::store
