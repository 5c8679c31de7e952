#pragma once

#include "gibbon/report/run_data.hpp"

namespace gibbon::report {

/// Three candidates and one final design with round figures, for golden files.
inline RunData small_run() {
  using space::Metric;
  RunData data;
  data.facts.name = "small";
  data.facts.version = "0.1.0";
  data.facts.seed = 3;
  data.facts.machine = "a machine";
  data.facts.dataset = "toy";
  data.facts.space = "tiny";
  data.facts.space_log10_size = 0.5;
  data.facts.searcher = "random";
  data.facts.objective = "pareto";
  data.facts.metrics = {Metric::kAccuracy, Metric::kArea};
  data.facts.constraints = {"area_mm2 <= 20"};
  data.facts.genes = {{"b0.kernel", "kernel", space::GenePart::kNetwork, 0, {1, 3}},
                      {"adc_bits", "adc_bits", space::GenePart::kHardware, -1, {4, 6, 8}}};

  space::Evaluation good;
  good.genome = {1, 2};
  good.metrics.values = {90.5, 2, 0.25, 0.5, 10, 0.125};
  good.one_shot_accuracy = 91;
  good.predicted = good.metrics;
  (*good.predicted)[Metric::kAccuracy] = 90;
  good.iteration = 1;
  space::Evaluation worse = good;  // less accurate and larger: dominated
  worse.genome = {0, 2};
  worse.metrics.values = {88, 2, 0.25, 0.5, 12, 0.125};
  worse.predicted.reset();
  worse.iteration = 0;
  space::Evaluation refused = worse;
  refused.genome = {0, 0};
  refused.metrics.values = {0, 4, 1, 4, 30, 0.25};
  refused.infeasible = "area is 30, \"too large\"";
  data.evaluations = {worse, refused, good};

  store::IterationRecord iteration;
  iteration.iteration = 1;
  iteration.evaluated = 3;
  iteration.hypervolume = 0.25;
  iteration.searcher_statistics = {{"entropy.b0.kernel", 0.5}};
  data.iterations = {iteration};

  store::FinalRecord final_design;
  final_design.id = "01";
  final_design.genome = {1, 2};
  final_design.one_shot_accuracy = 91;
  final_design.search_accuracy = 90.5;
  final_design.quantized_test_accuracy = 93;
  final_design.validation_metrics.values = {92.5, 2, 0.25, 0.5, 10, 0.125};
  final_design.metrics.values = {92.25, 2, 0.25, 0.5, 10, 0.125};
  final_design.test_images = 100;
  final_design.on_front = true;
  final_design.hardware = {{"adc", {{"bits", 8}}}};
  sim::LayerResult layer;
  layer.name = "conv1";
  layer.type = "conv";
  layer.tiles = 2;
  layer.processing_elements = 8;
  layer.crossbars = 64;
  layer.utilization = 0.5;
  layer.begin_ns = 100;
  layer.finish_ns = 2000;
  layer.area_um2[sim::Component::kAdc] = 3e6;
  layer.area_um2[sim::Component::kCrossbar] = 1e6;
  layer.power_w[sim::Component::kAdc] = 0.5;
  layer.energy_nj[sim::Component::kAdc] = 750;
  layer.energy_nj[sim::Component::kCrossbar] = 250;
  layer.busy_ns[sim::Component::kAdc] = 1500;
  final_design.simulation.layers = {layer};
  final_design.simulation.latency_ns = 2e6;
  final_design.simulation.operations = 2e6;
  data.finals = {final_design};
  data.timings = {{"search", 60}, {"predictor", 1.5}};
  return data;
}

}  // namespace gibbon::report
