#include "gibbon/store/run_record.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>

#include "gibbon/base/error.hpp"
#include "gibbon/store/simulation_json.hpp"

namespace gibbon::store {
namespace {

using base::Json;

/// JSON writes NaN and the infinities as null; NaN is what a null reads as.
double number(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

/// Runs a reader and says which kind of document could not be read.
template <typename Reader>
auto read(std::string_view what, const Reader& reader) {
  try {
    return reader();
  } catch (const Json::exception& problem) {
    throw base::Error(fmt::format("{} cannot be read: {}", what, problem.what()));
  }
}

space::GenePart part_from(const std::string& name) {
  for (const space::GenePart part :
       {space::GenePart::kNetwork, space::GenePart::kQuantization, space::GenePart::kHardware}) {
    if (name == space::part_name(part)) return part;
  }
  throw base::Error(fmt::format(
      "run facts cannot be read: unknown part \"{}\" (network, quantization or hardware)", name));
}

Json to_json(const space::Gene& gene) {
  return {{"name", gene.name},
          {"slot", gene.slot},
          {"part", space::part_name(gene.part)},
          {"block", gene.block},
          {"choices", gene.choices}};
}

space::Gene gene_from_json(const Json& json) {
  space::Gene gene;
  gene.name = json.at("name").get<std::string>();
  gene.slot = json.at("slot").get<std::string>();
  gene.part = part_from(json.at("part").get<std::string>());
  gene.block = json.at("block").get<int>();
  gene.choices = json.at("choices").get<std::vector<double>>();
  return gene;
}

}  // namespace

Json to_json(const RunFacts& facts) {
  Json metrics = Json::array();
  for (const space::Metric metric : facts.metrics) metrics.push_back(space::metric_key(metric));
  Json genes = Json::array();
  for (const space::Gene& gene : facts.genes) genes.push_back(to_json(gene));
  return {{"name", facts.name},
          {"version", facts.version},
          {"seed", facts.seed},
          {"threads", facts.threads},
          {"machine", facts.machine},
          {"dataset", facts.dataset},
          {"space", facts.space},
          {"space_log10_size", facts.space_log10_size},
          {"space_fingerprint", facts.space_fingerprint},
          {"searcher", facts.searcher},
          {"objective", facts.objective},
          {"metrics", std::move(metrics)},
          {"constraints", facts.constraints},
          {"genes", std::move(genes)}};
}

RunFacts run_facts_from_json(const Json& json) {
  return read("run facts", [&] {
    RunFacts facts;
    facts.name = json.at("name").get<std::string>();
    facts.version = json.at("version").get<std::string>();
    facts.seed = json.at("seed").get<std::uint64_t>();
    facts.threads = json.at("threads").get<int>();
    facts.machine = json.at("machine").get<std::string>();
    facts.dataset = json.at("dataset").get<std::string>();
    facts.space = json.at("space").get<std::string>();
    facts.space_log10_size = number(json, "space_log10_size");
    facts.space_fingerprint = json.value("space_fingerprint", "");
    facts.searcher = json.at("searcher").get<std::string>();
    facts.objective = json.at("objective").get<std::string>();
    for (const Json& metric : json.at("metrics")) {
      facts.metrics.push_back(space::metric_from(metric.get<std::string>()));
    }
    facts.constraints = json.at("constraints").get<std::vector<std::string>>();
    for (const Json& gene : json.at("genes")) facts.genes.push_back(gene_from_json(gene));
    return facts;
  });
}

Json to_json(const IterationRecord& record) {
  Json best = Json::object();
  for (const auto& [metric, value] : record.best) {
    best[std::string(space::metric_key(metric))] = value;
  }
  return {{"iteration", record.iteration},
          {"evaluated", record.evaluated},
          {"hypervolume", record.hypervolume},
          {"best", std::move(best)},
          {"searcher_statistics", record.searcher_statistics},
          {"predicted_count", record.predicted_count},
          {"accuracy_kendall_tau", record.accuracy_kendall_tau},
          {"accuracy_mean_abs_error", record.accuracy_mean_abs_error},
          {"latency_relative_error", record.latency_relative_error},
          {"energy_relative_error", record.energy_relative_error},
          {"area_relative_error", record.area_relative_error},
          {"seconds", record.seconds}};
}

IterationRecord iteration_from_json(const Json& json) {
  return read("iteration record", [&] {
    IterationRecord record;
    record.iteration = json.at("iteration").get<int>();
    record.evaluated = json.at("evaluated").get<std::int64_t>();
    record.hypervolume = number(json, "hypervolume");
    for (const auto& [key, value] : json.at("best").items()) {
      record.best[space::metric_from(key)] = number(json.at("best"), key.c_str());
    }
    record.searcher_statistics = json.at("searcher_statistics");
    record.predicted_count = json.at("predicted_count").get<int>();
    record.accuracy_kendall_tau = number(json, "accuracy_kendall_tau");
    record.accuracy_mean_abs_error = number(json, "accuracy_mean_abs_error");
    record.latency_relative_error = number(json, "latency_relative_error");
    record.energy_relative_error = number(json, "energy_relative_error");
    record.area_relative_error = number(json, "area_relative_error");
    record.seconds = number(json, "seconds");
    return record;
  });
}

Json to_json(const FinalRecord& record) {
  return {{"id", record.id},
          {"genome", space::to_text(record.genome)},
          {"one_shot_accuracy", record.one_shot_accuracy},
          {"search_accuracy", record.search_accuracy},
          {"quantized_test_accuracy", record.quantized_test_accuracy},
          {"validation_metrics", space::to_json(record.validation_metrics)},
          {"metrics", space::to_json(record.metrics)},
          {"test_images", record.test_images},
          {"on_front", record.on_front},
          {"network", record.network},
          {"hardware", record.hardware},
          {"simulation", simulation_to_json(record.simulation)}};
}

FinalRecord final_from_json(const Json& json) {
  return read("final design", [&] {
    FinalRecord record;
    record.id = json.at("id").get<std::string>();
    record.genome = space::genome_from_text(json.at("genome").get<std::string>());
    record.one_shot_accuracy = number(json, "one_shot_accuracy");
    record.search_accuracy = number(json, "search_accuracy");
    record.quantized_test_accuracy = number(json, "quantized_test_accuracy");
    record.validation_metrics = space::metrics_from_json(json.at("validation_metrics"));
    record.metrics = space::metrics_from_json(json.at("metrics"));
    record.test_images = json.at("test_images").get<int>();
    record.on_front = json.at("on_front").get<bool>();
    record.network = json.at("network");
    record.hardware = json.at("hardware");
    record.simulation = simulation_from_json(json.at("simulation"));
    return record;
  });
}

}  // namespace gibbon::store
