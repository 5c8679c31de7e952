#include "gibbon/search/searchers/searcher_base.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"

namespace gibbon::search {

namespace {

constexpr std::size_t kTriesPerGenome = 50;
/// Spaces up to this size are gone through one by one when random draws find nothing new.
constexpr double kCountableLog10 = 5;

/// The next genome in counting order; false after the last.
bool advance(space::Genome& genome, const std::vector<space::Gene>& genes) {
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    if (static_cast<std::size_t>(genome[gene]) + 1 < genes[gene].choices.size()) {
      ++genome[gene];
      return true;
    }
    genome[gene] = 0;
  }
  return false;
}

}  // namespace

SearcherBase::SearcherBase(const space::SearchSpace& space, space::Objective objective,
                           std::uint64_t seed)
    : space_(space), objective_(std::move(objective)), seed_(seed) {
  space::validate(objective_);
}

bool SearcherBase::Proposals::add(const space::Genome& genome) {
  if (full()) return false;
  space::Genome canonical = searcher_.space_.canonical(genome);
  if (!searcher_.seen_.insert(canonical).second) return false;
  genomes_.push_back(std::move(canonical));
  return true;
}

void SearcherBase::Proposals::fill(const std::function<space::Genome()>& make, std::size_t tries) {
  const std::size_t limit = missing() * tries;
  for (std::size_t i = 0; i < limit && !full(); ++i) add(make());
}

std::vector<space::Genome> SearcherBase::ask(const AskContext& context) {
  if (context.count <= 0) return {};
  // A stream for each ask, so that seed and number of asks are all of the generator's state.
  base::Rng rng = base::Rng::forked(seed_, fmt::format("search.{}", name()), asks_++);
  Proposals proposals(*this, static_cast<std::size_t>(context.count));
  propose(context, rng, proposals);
  fill_randomly(rng, proposals);
  fill_by_counting(rng, proposals);
  return proposals.take();
}

void SearcherBase::fill_randomly(base::Rng& rng, Proposals& proposals) {
  proposals.fill([&] { return space_.sample(rng); }, kTriesPerGenome);
}

void SearcherBase::fill_by_counting(base::Rng& rng, Proposals& proposals) {
  if (proposals.full() || space_.log10_size() > kCountableLog10) return;
  std::vector<space::Genome> unseen;
  space::Genome genome(space_.genes().size(), 0);
  do {
    if (space_.canonical(genome) == genome && !is_seen(genome)) unseen.push_back(genome);
  } while (advance(genome, space_.genes()));
  rng.shuffle(unseen);
  for (const space::Genome& candidate : unseen) proposals.add(candidate);
}

void SearcherBase::tell(std::span<const space::Evaluation> evaluations) {
  for (space::Evaluation evaluation : evaluations) {
    space_.check(evaluation.genome);
    evaluation.genome = space_.canonical(std::move(evaluation.genome));
    if (!told_.insert(evaluation.genome).second) continue;
    seen_.insert(evaluation.genome);
    evaluations_.push_back(std::move(evaluation));
  }
}

base::Json SearcherBase::state() const {
  base::Json state;
  state["searcher"] = name();
  state["space"] = space_.name();
  state["seed"] = seed_;
  state["asks"] = asks_;
  state["evaluations"] = base::Json::array();
  for (const space::Evaluation& evaluation : evaluations_) {
    state["evaluations"].push_back(space::to_json(evaluation));
  }
  std::vector<std::string> pending;
  for (const space::Genome& genome : seen_) {
    if (!told_.contains(genome)) pending.push_back(space::to_text(genome));
  }
  // The set's own order differs between standard libraries.
  std::sort(pending.begin(), pending.end());
  state["pending"] = pending;
  state["extra"] = extra_state();
  return state;
}

void SearcherBase::restore(const base::Json& state) {
  try {
    const auto searcher = state.at("searcher").get<std::string>();
    const auto space_name = state.at("space").get<std::string>();
    if (searcher != name() || space_name != space_.name()) {
      throw base::Error(fmt::format(
          "a state of searcher '{}' in space '{}' cannot be restored by '{}' in space '{}'",
          searcher, space_name, name(), space_.name()));
    }
    std::vector<space::Evaluation> evaluations;
    for (const base::Json& item : state.at("evaluations")) {
      evaluations.push_back(space::evaluation_from_json(item));
    }
    const auto pending = state.at("pending").get<std::vector<std::string>>();
    seed_ = state.at("seed").get<std::uint64_t>();
    asks_ = state.at("asks").get<std::uint64_t>();
    evaluations_.clear();
    told_.clear();
    seen_.clear();
    tell(evaluations);
    for (const std::string& text : pending) {
      space::Genome genome = space::genome_from_text(text);
      space_.check(genome);
      seen_.insert(std::move(genome));
    }
    restore_extra(state.at("extra"));
  } catch (const base::Json::exception& problem) {
    throw base::Error(
        fmt::format("the state of searcher '{}' cannot be read: {}", name(), problem.what()));
  }
}

}  // namespace gibbon::search
