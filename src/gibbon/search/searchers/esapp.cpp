#include "gibbon/search/searchers/esapp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "gibbon/base/error.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searchers/settings.hpp"
#include "gibbon/search/searchers/variation.hpp"

namespace gibbon::search {

namespace {

using space::Evaluation;
using space::Genome;

constexpr int kScreenRounds = 3;
constexpr std::size_t kMaxSampledParents = 20000;

/// `priority_is_open` is false for the searcher that goes without.
EsappSettings read_settings(std::string_view searcher, const base::Json& json,
                            bool priority_is_open) {
  SettingsReader reader(searcher, json);
  EsappSettings settings;
  settings.priority = priority_is_open && reader.flag("priority", settings.priority);
  settings.top_count = reader.integer("top_count", settings.top_count, 1, 1000000);
  settings.top_share = reader.real("top_share", settings.top_share, 0.001, 1);
  settings.tournament = reader.integer("tournament", settings.tournament, 1, 1000);
  settings.smoothing = reader.real("smoothing", settings.smoothing, 0, 0.999);
  settings.floor = reader.real("floor", settings.floor, 1e-6, 1);
  settings.mutations = reader.integer("mutations", settings.mutations, 1, 1000);
  settings.crossover = reader.real("crossover", settings.crossover, 0, 1);
  settings.keep_share = reader.real("keep_share", settings.keep_share, 0.001, 1);
  settings.fresh_share = reader.real("fresh_share", settings.fresh_share, 0, 1);
  settings.screen_children = reader.flag("screen_children", settings.screen_children);
  settings.children_factor = reader.integer("children_factor", settings.children_factor, 1, 1000);
  reader.refuse_unknown();
  return settings;
}

/// The genomes that the screen finds feasible, as evaluations of their predicted metrics.
std::vector<Evaluation> screened(const Screen& screen, std::span<const Genome> genomes) {
  if (genomes.empty()) return {};
  const std::vector<std::optional<space::Metrics>> predictions = screen(genomes);
  if (predictions.size() != genomes.size()) {
    throw base::Error(fmt::format("the screen answered {} predictions for {} genomes",
                                  predictions.size(), genomes.size()));
  }
  std::vector<Evaluation> result;
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    if (!predictions[i]) continue;
    Evaluation evaluation;
    evaluation.genome = genomes[i];
    evaluation.metrics = *predictions[i];
    result.push_back(std::move(evaluation));
  }
  return result;
}

/// Means of `values` over the genes of each slot, in the order of the slots' first genes.
void add_slot_means(base::Json& statistics, const std::string& prefix,
                    const std::vector<space::Gene>& genes, const std::vector<double>& values) {
  std::map<std::string, std::pair<double, int>> sums;
  for (std::size_t gene = 0; gene < genes.size(); ++gene) {
    auto& [sum, count] = sums[genes[gene].slot];
    sum += values[gene];
    ++count;
  }
  for (const space::Gene& gene : genes) {
    const auto& [sum, count] = sums[gene.slot];
    statistics[prefix + gene.slot] = sum / count;
  }
}

}  // namespace

EsappSearcher::EsappSearcher(const space::SearchSpace& space, const space::Objective& objective,
                             const SearcherOptions& options)
    : EsappSearcher(space, objective, options.seed,
                    read_settings("esapp", options.settings, true)) {}

EsappSearcher::EsappSearcher(const space::SearchSpace& space, const space::Objective& objective,
                             std::uint64_t seed, const EsappSettings& settings)
    : SearcherBase(space, objective, seed),
      settings_(settings),
      table_(space, settings_.smoothing, settings_.floor) {}

EsappNoPrioritySearcher::EsappNoPrioritySearcher(const space::SearchSpace& space,
                                                 const space::Objective& objective,
                                                 const SearcherOptions& options)
    : EsappSearcher(space, objective, options.seed, read_settings(kName, options.settings, false)) {
}

void EsappSearcher::propose(const AskContext& context, base::Rng& rng, Proposals& proposals) {
  const std::vector<Evaluation> top = select_top();
  if (top.empty()) return;
  std::vector<Genome> genomes;
  for (const Evaluation& evaluation : top) genomes.push_back(evaluation.genome);
  table_.append(gene_entropies(space(), genomes));

  const std::vector<double> weights = mutation_weights();
  const std::vector<Parent> parents = sample_parents(top, context, rng);
  if (context.screen && settings_.screen_children) {
    // More rounds are needed only where the screen finds most children infeasible.
    for (int round = 0; round < kScreenRounds && !proposals.full(); ++round) {
      add_screened_children(parents, weights, context, rng, proposals);
    }
    return;
  }
  for (const Parent& parent : parents) {
    // Half of the places at most, so that mutation goes on while the screen favours new genomes.
    if (!parent.told && proposals.missing() * 2 > static_cast<std::size_t>(context.count)) {
      proposals.add(parent.evaluation.genome);
    }
  }
  add_children(parents, weights, rng, proposals);
}

std::vector<Evaluation> EsappSearcher::select_top() const {
  const double share = settings_.top_share * static_cast<double>(evaluations().size());
  const auto wanted =
      std::min(static_cast<std::size_t>(settings_.top_count),
               std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(share))));
  std::vector<Evaluation> top;
  for (const std::size_t index : rank(evaluations(), objective())) {
    if (top.size() == wanted) break;
    // Nothing can be learned from the genes of a design that could not be built.
    if (evaluations()[index].feasible()) top.push_back(evaluations()[index]);
  }
  return top;
}

std::vector<double> EsappSearcher::mutation_weights() const {
  if (settings_.priority) return table_.priorities();
  return std::vector<double>(space().genes().size(), 1.0);
}

std::vector<EsappSearcher::Parent> EsappSearcher::sample_parents(const std::vector<Evaluation>& top,
                                                                 const AskContext& context,
                                                                 base::Rng& rng) const {
  if (context.screen) return screened_parents(top, context, rng);
  std::vector<Parent> parents;
  for (int i = 0; i < context.count; ++i) {
    // rank() put the better first: a tournament is won by the smallest place.
    std::size_t place = top.size() - 1;
    for (int draw = 0; draw < settings_.tournament; ++draw) {
      place = std::min<std::size_t>(place, rng.below(top.size()));
    }
    parents.push_back({top[place], true});
  }
  return parents;
}

std::vector<EsappSearcher::Parent> EsappSearcher::screened_parents(
    const std::vector<Evaluation>& top, const AskContext& context, base::Rng& rng) const {
  const auto sampled = std::min<std::size_t>(
      kMaxSampledParents,
      static_cast<std::size_t>(std::ceil(context.count / settings_.keep_share)));
  const auto fresh_count =
      static_cast<std::size_t>(std::lround(settings_.fresh_share * static_cast<double>(sampled)));
  space::GenomeSet distinct;
  std::vector<Genome> fresh;
  for (std::size_t i = 0; i < fresh_count; ++i) {
    Genome genome = space().sample(rng);
    if (!is_seen(genome) && distinct.insert(genome).second) fresh.push_back(std::move(genome));
  }

  // A told parent needs no prediction: it stands with its measured metrics. All of the top are in.
  std::vector<Evaluation> pool = top;
  const std::size_t told_count = pool.size();
  for (Evaluation& evaluation : screened(context.screen, fresh)) {
    pool.push_back(std::move(evaluation));
  }
  const std::vector<std::size_t> order = rank(pool, objective());
  const std::size_t kept = std::min<std::size_t>(
      order.size(),
      std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(
                                   settings_.keep_share * static_cast<double>(sampled)))));
  std::vector<Parent> parents;
  for (std::size_t i = 0; i < kept; ++i) {
    parents.push_back({pool[order[i]], order[i] < told_count});
  }
  return parents;
}

Genome EsappSearcher::make_child(const std::vector<Parent>& parents, std::size_t index,
                                 const std::vector<double>& weights, base::Rng& rng) const {
  const Genome& first = parents[index % parents.size()].evaluation.genome;
  const std::size_t count = 1 + rng.below(static_cast<std::uint64_t>(settings_.mutations));
  if (rng.uniform() >= settings_.crossover) return mutated(space(), first, count, weights, rng);
  const Genome& second = parents[rng.below(parents.size())].evaluation.genome;
  return mutated(space(), recombined(space(), first, second, rng), count, weights, rng);
}

void EsappSearcher::add_children(const std::vector<Parent>& parents,
                                 const std::vector<double>& weights, base::Rng& rng,
                                 Proposals& proposals) const {
  const std::size_t tries = std::max(parents.size(), proposals.missing()) * kTriesPerChild;
  for (std::size_t i = 0; i < tries && !proposals.full(); ++i) {
    proposals.add(make_child(parents, i, weights, rng));
  }
}

void EsappSearcher::add_screened_children(const std::vector<Parent>& parents,
                                          const std::vector<double>& weights,
                                          const AskContext& context, base::Rng& rng,
                                          Proposals& proposals) const {
  const std::size_t wanted =
      proposals.missing() * static_cast<std::size_t>(settings_.children_factor);
  space::GenomeSet distinct;
  std::vector<Genome> children;
  for (std::size_t i = 0; i < wanted * 2 && children.size() < wanted; ++i) {
    Genome child = make_child(parents, i, weights, rng);
    if (is_seen(child) || !distinct.insert(child).second) continue;
    children.push_back(std::move(child));
  }
  std::vector<Evaluation> pool = screened(context.screen, children);
  for (const Parent& parent : parents) {
    if (!parent.told && distinct.insert(parent.evaluation.genome).second) {
      pool.push_back(parent.evaluation);
    }
  }
  // Ranked together with what is known, so that a child beside a design already found counts less
  // than one where there is none yet.
  for (const std::size_t index : pareto_front(evaluations(), objective())) {
    pool.push_back(evaluations()[index]);
  }
  for (const std::size_t index : rank(pool, objective())) proposals.add(pool[index].genome);
}

base::Json EsappSearcher::statistics() const {
  base::Json statistics = base::Json::object();
  if (table_.rows().empty()) return statistics;
  const std::vector<space::Gene>& genes = space().genes();
  const std::vector<double>& entropies = table_.rows().back();
  const std::vector<double> priorities = table_.priorities();
  statistics["equivalent_log10_size"] = table_.equivalent_log10_size();
  add_slot_means(statistics, "slot_entropy.", genes, entropies);
  add_slot_means(statistics, "slot_priority.", genes, priorities);
  for (std::size_t gene = 0; gene < genes.size(); ++gene) {
    statistics["entropy." + genes[gene].name] = entropies[gene];
    statistics["priority." + genes[gene].name] = priorities[gene];
  }
  return statistics;
}

}  // namespace gibbon::search
