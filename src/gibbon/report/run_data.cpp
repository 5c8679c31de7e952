#include "gibbon/report/run_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "gibbon/base/error.hpp"
#include "gibbon/search/pareto.hpp"

namespace gibbon::report {
namespace {

std::vector<store::StageTiming> timings_from(const base::Json& json) {
  std::vector<store::StageTiming> timings;
  try {
    for (const auto& [stage, seconds] : json.get<std::map<std::string, double>>()) {
      timings.push_back({stage, seconds});
    }
  } catch (const base::Json::exception& problem) {
    throw base::Error(fmt::format("document \"timings\" cannot be read: {}", problem.what()));
  }
  std::stable_sort(timings.begin(), timings.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  return timings;
}

}  // namespace

RunData read_run_data(const store::RunStore& store) {
  const auto run = store.get("run");
  if (!run) throw base::Error("the run has not begun: its store has no document \"run\"");
  RunData data;
  data.facts = store::run_facts_from_json(*run);
  for (store::StoredEvaluation& stored : store.evaluations()) {
    data.evaluations.push_back(std::move(stored.evaluation));
  }
  for (const std::string& name : store.names("iteration/")) {
    data.iterations.push_back(store::iteration_from_json(store.get(name).value()));
  }
  for (const std::string& name : store.names("final/")) {
    data.finals.push_back(store::final_from_json(store.get(name).value()));
  }
  if (const auto timings = store.get("timings")) data.timings = timings_from(*timings);
  return data;
}

space::Objective objective_of(const store::RunFacts& facts) {
  space::Objective objective;
  objective.name = facts.objective;
  objective.metrics = facts.metrics;
  for (const std::string& constraint : facts.constraints) {
    objective.constraints.push_back(space::constraint_from(constraint));
  }
  return objective;
}

std::vector<bool> front_flags(const RunData& data) {
  std::vector<bool> flags(data.evaluations.size(), false);
  if (data.evaluations.empty()) return flags;
  for (const std::size_t index : search::pareto_front(data.evaluations, objective_of(data.facts))) {
    flags[index] = true;
  }
  return flags;
}

std::vector<std::size_t> finals_by_accuracy(const RunData& data) {
  std::vector<std::size_t> order(data.finals.size());
  std::iota(order.begin(), order.end(), 0);
  const auto accuracy = [&](std::size_t i) {
    return data.finals[i].metrics[space::Metric::kAccuracy];
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (accuracy(a) != accuracy(b)) return accuracy(a) > accuracy(b);
    return data.finals[a].id < data.finals[b].id;
  });
  return order;
}

std::vector<std::pair<std::string, double>> choices_of(const store::RunFacts& facts,
                                                       const space::Genome& genome) {
  if (genome.size() != facts.genes.size()) {
    throw base::Error(fmt::format("genome {} has {} genes, the run's space {}",
                                  space::to_text(genome), genome.size(), facts.genes.size()));
  }
  std::vector<std::pair<std::string, double>> choices;
  for (std::size_t i = 0; i < genome.size(); ++i) {
    const space::Gene& gene = facts.genes[i];
    if (genome[i] >= gene.choices.size()) {
      throw base::Error(fmt::format("genome {}: gene \"{}\" has no choice {}",
                                    space::to_text(genome), gene.name, genome[i]));
    }
    choices.emplace_back(gene.name, gene.choices[genome[i]]);
  }
  return choices;
}

}  // namespace gibbon::report
