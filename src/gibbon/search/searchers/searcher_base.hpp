#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/search/searcher.hpp"

namespace gibbon::search {

/// What every searcher shares: the record of told evaluations, the genomes that may not come
/// again, a random stream for each ask, and the state. A searcher adds propose() and, where it
/// remembers more, extra_state().
class SearcherBase : public Searcher {
 public:
  std::vector<space::Genome> ask(const AskContext& context) final;
  void tell(std::span<const space::Evaluation> evaluations) final;
  base::Json state() const final;
  void restore(const base::Json& state) final;

 protected:
  /// Throws base::Error for an objective that space::validate refuses.
  SearcherBase(const space::SearchSpace& space, space::Objective objective, std::uint64_t seed);

  /// Genomes of one ask: canonical, distinct, none of them seen before, at most its size.
  class Proposals {
   public:
    Proposals(SearcherBase& searcher, std::size_t wanted) : searcher_(searcher), wanted_(wanted) {}
    bool full() const { return genomes_.size() >= wanted_; }
    std::size_t missing() const { return wanted_ - genomes_.size(); }
    /// Takes the genome's canonical form if it is new and there is room; says whether it did.
    bool add(const space::Genome& genome);
    /// Adds what `make` draws until it is full, at most `tries` times for each missing genome.
    void fill(const std::function<space::Genome()>& make, std::size_t tries);
    std::vector<space::Genome> take() { return std::move(genomes_); }

   private:
    SearcherBase& searcher_;
    std::size_t wanted_;
    std::vector<space::Genome> genomes_;
  };

  /// Adds what it can; ask() fills what is missing with random genomes.
  virtual void propose(const AskContext& context, base::Rng& rng, Proposals& proposals) = 0;
  virtual base::Json extra_state() const { return base::Json::object(); }
  virtual void restore_extra(const base::Json&) {}

  const space::SearchSpace& space() const { return space_; }
  const space::Objective& objective() const { return objective_; }
  /// All told, in the order told, canonical, no genome twice.
  const std::vector<space::Evaluation>& evaluations() const { return evaluations_; }
  bool is_seen(const space::Genome& canonical) const { return seen_.contains(canonical); }
  /// The first generation is random: there is nothing to breed from before `population` genomes
  /// are asked or told.
  bool in_first_generation(std::size_t population) const {
    return seen_.size() < population || evaluations_.empty();
  }

  static constexpr std::size_t kTriesPerChild = 20;

 private:
  void fill_randomly(base::Rng& rng, Proposals& proposals);
  void fill_by_counting(base::Rng& rng, Proposals& proposals);

  const space::SearchSpace& space_;
  space::Objective objective_;
  std::uint64_t seed_;
  std::uint64_t asks_ = 0;
  std::vector<space::Evaluation> evaluations_;
  space::GenomeSet told_;
  space::GenomeSet seen_;  ///< asked or told
};

}  // namespace gibbon::search
