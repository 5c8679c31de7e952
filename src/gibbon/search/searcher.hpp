#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/objective.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::search {

/// Predicted metrics of many genomes at once, in order; an infeasible genome gives nullopt.
using Screen =
    std::function<std::vector<std::optional<space::Metrics>>(std::span<const space::Genome>)>;

/// What ask() may use.
struct AskContext {
  int count = 0;  ///< genomes wanted
  Screen screen;  ///< empty: there is no predictor yet
};

/// Proposes designs and learns from their evaluations. Deterministic: the same seed and the same
/// sequence of calls give the same genomes. Not thread-safe.
class Searcher {
 public:
  virtual ~Searcher() = default;
  virtual std::string_view name() const = 0;
  /// At most `count` canonical genomes, distinct and never told before; fewer only when the space
  /// is nearly used up.
  virtual std::vector<space::Genome> ask(const AskContext& context) = 0;
  /// Evaluations of asked genomes (or of others), infeasible ones included.
  virtual void tell(std::span<const space::Evaluation> evaluations) = 0;
  /// Everything needed to go on; restore() of a state() gives the same future.
  virtual base::Json state() const = 0;
  virtual void restore(const base::Json& state) = 0;
  /// Figures of the last iteration for the report: "entropy.<gene>", "priority.<gene>",
  /// "equivalent_log10_size". Empty for searchers without them.
  virtual base::Json statistics() const { return base::Json::object(); }
};

/// A searcher's settings: its seed, and its own options by name with their values.
struct SearcherOptions {
  std::uint64_t seed = 0;
  base::Json settings = base::Json::object();  ///< unknown keys are refused by the searcher
};

struct SearcherEntry {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Searcher> (*make)(const space::SearchSpace& space,
                                    const space::Objective& objective,
                                    const SearcherOptions& options);
};
/// Every searcher, the default (esapp) first. A searcher keeps a reference to its space, which has
/// to outlive it; it copies the objective.
std::span<const SearcherEntry> searcher_registry();
std::unique_ptr<Searcher> make_searcher(std::string_view name, const space::SearchSpace& space,
                                        const space::Objective& objective,
                                        const SearcherOptions& options);

}  // namespace gibbon::search
