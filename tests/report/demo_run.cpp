#include "report/demo_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/rng.hpp"

namespace gibbon::report {
namespace {

using space::Metric;

constexpr int kBlocks = 9;
constexpr int kIterations = 16;

store::RunFacts facts(std::uint64_t seed) {
  store::RunFacts facts;
  facts.name = "CIFAR-10 on RRAM, area below 60 mm2";
  facts.version = "0.1.0";
  facts.seed = seed;
  facts.threads = 8;
  facts.machine = "8 threads of a made-up processor";
  facts.dataset = "cifar10";
  facts.space = "gibbon-resnet";
  facts.space_log10_size = 31.6;
  facts.searcher = "esapp";
  facts.objective = "pareto";
  facts.metrics = {Metric::kAccuracy, Metric::kEdp, Metric::kArea};
  facts.constraints = {"area_mm2 <= 60"};
  for (int b = 0; b < kBlocks; ++b) {
    const auto add = [&](const char* slot, space::GenePart part, std::vector<double> choices) {
      facts.genes.push_back({fmt::format("block{}.{}", b, slot), slot, part, b, choices});
    };
    add("kernel", space::GenePart::kNetwork, {1, 3, 5});
    add("channels", space::GenePart::kNetwork, {32, 48, 64, 96});
    add("groups", space::GenePart::kNetwork, {1, 2, 4});
    add("weight_bits", space::GenePart::kQuantization, {5, 7, 9});
    add("activation_bits", space::GenePart::kQuantization, {5, 7, 9});
  }
  const auto hardware = [&](const char* slot, std::vector<double> choices) {
    facts.genes.push_back(
        {fmt::format("hardware.{}", slot), slot, space::GenePart::kHardware, -1, choices});
  };
  hardware("crossbar_size", {64, 128, 256, 512});
  hardware("adc_bits", {4, 6, 8, 10});
  hardware("dac_bits", {1, 2});
  hardware("pe_size", {2, 4});
  return facts;
}

space::Evaluation evaluation(const store::RunFacts& facts, int iteration, base::Rng& rng) {
  space::Evaluation evaluation;
  evaluation.iteration = iteration;
  double size = 0;
  const double skill = 1 - std::exp(-iteration / 6.0);
  for (const space::Gene& gene : facts.genes) {
    const auto choice = static_cast<std::uint8_t>(rng.below(gene.choices.size()));
    evaluation.genome.push_back(choice);
    size += static_cast<double>(choice) / static_cast<double>(gene.choices.size());
  }
  size = size / static_cast<double>(facts.genes.size()) * 3 + 0.25 * rng.normal();
  evaluation.metrics[Metric::kAccuracy] =
      std::min(94.2, 80 + 5 * size + 6 * skill + 1.6 * rng.normal());
  evaluation.metrics[Metric::kLatency] =
      0.7 * std::exp(0.6 * size - 0.7 * skill + 0.3 * rng.normal());
  evaluation.metrics[Metric::kEnergy] =
      0.35 * std::exp(0.8 * size - 0.6 * skill + 0.3 * rng.normal());
  evaluation.metrics[Metric::kEdp] =
      evaluation.metrics[Metric::kLatency] * evaluation.metrics[Metric::kEnergy];
  evaluation.metrics[Metric::kArea] = 22 * std::exp(0.7 * size - 0.4 * skill + 0.2 * rng.normal());
  evaluation.metrics[Metric::kPower] =
      evaluation.metrics[Metric::kEnergy] / evaluation.metrics[Metric::kLatency];
  evaluation.one_shot_accuracy = evaluation.metrics[Metric::kAccuracy] + 1.5 + rng.uniform();
  if (iteration > 1) {
    evaluation.predicted = evaluation.metrics;
    (*evaluation.predicted)[Metric::kAccuracy] += 0.7 * rng.normal();
    for (const Metric metric :
         {Metric::kLatency, Metric::kEnergy, Metric::kEdp, Metric::kArea, Metric::kPower}) {
      (*evaluation.predicted)[metric] *= std::exp(0.05 * rng.normal());
    }
  }
  if (evaluation.metrics[Metric::kArea] > 60) {
    evaluation.infeasible =
        fmt::format("area_mm2 = {:.1f}, over area_mm2 <= 60", evaluation.metrics[Metric::kArea]);
    if (rng.below(3) == 0) evaluation.metrics[Metric::kAccuracy] = 0;
  }
  return evaluation;
}

store::IterationRecord iteration_record(const store::RunFacts& facts, int iteration,
                                        std::int64_t evaluated, base::Rng& rng) {
  store::IterationRecord record;
  record.iteration = iteration;
  record.evaluated = evaluated;
  record.hypervolume = 0.62 - 0.22 * std::exp(-iteration / 4.0);
  double size = 0;
  for (std::size_t i = 0; i < facts.genes.size(); ++i) {
    const space::Gene& gene = facts.genes[i];
    const double most = std::log(static_cast<double>(gene.choices.size()));
    const double pace = 2.0 + 1.7 * static_cast<double>(gene.slot.size() % 7);
    const double entropy = most * std::exp(-iteration / pace) + 0.01 * rng.uniform();
    record.searcher_statistics["entropy." + gene.name] = entropy;
    record.searcher_statistics["priority." + gene.name] = 1 / pace + 0.05 * rng.uniform();
    size += entropy / std::log(10.0);
    record.searcher_statistics["slot_entropy." + gene.slot] = entropy;
  }
  record.searcher_statistics["equivalent_log10_size"] = size;
  if (iteration > 1) {
    record.predicted_count = 24;
    record.accuracy_kendall_tau = 0.8 - 0.6 * std::exp(-iteration / 5.0) + 0.05 * rng.normal();
    record.accuracy_mean_abs_error = 0.5 + 2 * std::exp(-iteration / 4.0);
    record.latency_relative_error = 0.04 + 0.2 * std::exp(-iteration / 4.0);
    record.energy_relative_error = 0.03 + 0.2 * std::exp(-iteration / 4.0);
    record.area_relative_error = 0.02 + 0.1 * std::exp(-iteration / 4.0);
  }
  record.seconds = 40;
  return record;
}

sim::SimulationResult simulation(const space::Metrics& metrics, base::Rng& rng) {
  sim::SimulationResult result;
  constexpr std::array<double, sim::kComponentCount> kShares = {8,   34, 6, 9, 5, 4, 5, 1.5,
                                                                1.5, 4,  7, 6, 0, 4, 5};
  double time = 0;
  for (int l = 0; l < 2 * kBlocks + 2; ++l) {
    sim::LayerResult layer;
    layer.type = l == 2 * kBlocks ? "pool" : l == 2 * kBlocks + 1 ? "linear" : "conv";
    layer.name = layer.type == "conv" ? fmt::format("block{}.conv{}", l / 2, l % 2) : layer.type;
    layer.tiles = 1 + static_cast<int>(rng.below(4));
    layer.processing_elements = layer.tiles * 4;
    layer.crossbars = layer.processing_elements * 8;
    layer.utilization = 0.4 + 0.6 * rng.uniform();
    layer.begin_ns = time;
    const double weight = (0.4 + rng.uniform()) * std::exp(-l / 9.0);
    time += weight * metrics[Metric::kLatency] * 1e5;
    layer.finish_ns = time;
    for (std::size_t c = 0; c < sim::kComponentCount; ++c) {
      double share = kShares[c] / 100 * (0.7 + 0.6 * rng.uniform()) * weight;
      if (layer.type == "pool") {
        share = c == static_cast<std::size_t>(sim::Component::kPooling) ? 0.02 : 0;
      }
      layer.energy_nj.values[c] = share * metrics[Metric::kEnergy] * 1e5;
      layer.area_um2.values[c] = share * metrics[Metric::kArea] * 1e5;
      layer.power_w.values[c] = share * metrics[Metric::kPower] * 0.1;
      layer.busy_ns.values[c] = share * metrics[Metric::kLatency] * 1e5;
    }
    result.layers.push_back(layer);
  }
  result.latency_ns = metrics[Metric::kLatency] * 1e6;
  result.operations = 1.1e8;
  return result;
}

}  // namespace

RunData demo_run(std::uint64_t seed) {
  base::Rng rng(seed);
  RunData data;
  data.facts = facts(seed);
  for (int iteration = 0; iteration <= kIterations; ++iteration) {
    for (int i = 0; i < (iteration == 0 ? 48 : 24); ++i) {
      data.evaluations.push_back(evaluation(data.facts, iteration, rng));
    }
    data.iterations.push_back(iteration_record(
        data.facts, iteration, static_cast<std::int64_t>(data.evaluations.size()), rng));
  }
  const std::vector<bool> front = front_flags(data);
  for (std::size_t i = 0; i < front.size() && data.finals.size() < 5; ++i) {
    if (!front[i]) continue;
    const space::Evaluation& chosen = data.evaluations[i];
    store::FinalRecord record;
    record.id = fmt::format("{:02}", data.finals.size() + 1);
    record.genome = chosen.genome;
    record.one_shot_accuracy = chosen.one_shot_accuracy;
    record.search_accuracy = chosen.metrics[Metric::kAccuracy];
    record.validation_metrics = chosen.metrics;
    record.validation_metrics[Metric::kAccuracy] += 1.2;
    record.metrics = record.validation_metrics;
    record.metrics[Metric::kAccuracy] -= 0.6 * rng.uniform();
    record.quantized_test_accuracy = record.metrics[Metric::kAccuracy] + 0.9;
    record.test_images = 10000;
    record.on_front = i % 4 != 0;
    record.hardware = {{"device", {{"type", "RRAM"}, {"levels", 2}, {"technology_nm", 45}}},
                       {"crossbar", {{"rows", 128}, {"columns", 128}}},
                       {"adc", {{"bits", 8}, {"rate_gsps", 1.2}, {"power_mw", 2}}},
                       {"tile", {{"pe_rows", 2}, {"pe_columns", 2}}}};
    record.simulation = simulation(record.metrics, rng);
    data.finals.push_back(std::move(record));
  }
  data.timings = {{"evaluation: crossbar simulation", 4210},
                  {"supernet training", 2380},
                  {"final training", 1210},
                  {"final simulation", 340},
                  {"one-shot accuracy", 260},
                  {"predictor", 41.5}};
  return data;
}

}  // namespace gibbon::report
