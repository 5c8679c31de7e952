#pragma once

#include "gibbon/search/searchers/entropy.hpp"
#include "gibbon/search/searchers/searcher_base.hpp"

namespace gibbon::search {

/// The settings of esapp, by the names of its fields.
struct EsappSettings {
  bool priority = true;      ///< false: every gene is as likely to be mutated (the ablation)
  int top_count = 100;       ///< best candidates whose entropy is measured and that are parents
  double top_share = 0.2;    ///< but at most this share of the candidates
  int tournament = 4;        ///< parents drawn among which the best is taken, without a screen
  double smoothing = 0.5;    ///< weight of the past in the entropies' moving average
  double floor = 0.05;       ///< priority of a gene that has converged
  int mutations = 5;         ///< most genes changed in a child; 1..mutations, uniform
  double crossover = 0.5;    ///< share of children made from two parents before they are mutated
  double keep_share = 0.05;  ///< of the sampled parents that a screen lets through
  double fresh_share = 0.5;  ///< of the sampled parents that are new random genomes, with a screen
  bool screen_children = true;  ///< with a screen, make more children and keep the best predicted
  int children_factor = 20;     ///< how many times more
};

/// Evolutionary search with adaptive parameter priority: Algorithm 1 of the Gibbon paper (DATE
/// 2022, section IV-B); every choice that the paper leaves open is in docs/models/esapp.md. Each
/// ask() appends a row to the history entropy table, once something has been told.
class EsappSearcher : public SearcherBase {
 public:
  EsappSearcher(const space::SearchSpace& space, const space::Objective& objective,
                const SearcherOptions& options);
  std::string_view name() const override { return "esapp"; }
  /// "entropy.<gene>" (bits, of the last ask), "priority.<gene>", "slot_entropy.<slot>" and
  /// "slot_priority.<slot>" (means over the slot's genes), "equivalent_log10_size". Before the
  /// first row: an empty object.
  base::Json statistics() const override;

 protected:
  EsappSearcher(const space::SearchSpace& space, const space::Objective& objective,
                std::uint64_t seed, const EsappSettings& settings);

 private:
  /// A genome that children are made from; `told` is false for one never evaluated.
  struct Parent {
    space::Evaluation evaluation;
    bool told = true;
  };

  void propose(const AskContext& context, base::Rng& rng, Proposals& proposals) override;
  base::Json extra_state() const override { return table_.to_json(); }
  void restore_extra(const base::Json& extra) override { table_.restore(extra); }

  std::vector<space::Evaluation> select_top() const;
  std::vector<double> mutation_weights() const;
  std::vector<Parent> sample_parents(const std::vector<space::Evaluation>& top,
                                     const AskContext& context, base::Rng& rng) const;
  std::vector<Parent> screened_parents(const std::vector<space::Evaluation>& top,
                                       const AskContext& context, base::Rng& rng) const;
  void add_children(const std::vector<Parent>& parents, const std::vector<double>& weights,
                    base::Rng& rng, Proposals& proposals) const;
  void add_screened_children(const std::vector<Parent>& parents, const std::vector<double>& weights,
                             const AskContext& context, base::Rng& rng, Proposals& proposals) const;
  space::Genome make_child(const std::vector<Parent>& parents, std::size_t index,
                           const std::vector<double>& weights, base::Rng& rng) const;

  EsappSettings settings_;
  EntropyTable table_;
};

/// ESAPP without its priorities, the paper's ablation: esapp with the setting priority = false, as
/// a searcher of its own. Takes esapp's other settings.
class EsappNoPrioritySearcher final : public EsappSearcher {
 public:
  EsappNoPrioritySearcher(const space::SearchSpace& space, const space::Objective& objective,
                          const SearcherOptions& options);
  std::string_view name() const override { return kName; }

 private:
  static constexpr std::string_view kName = "esapp-no-priority";
};

}  // namespace gibbon::search
