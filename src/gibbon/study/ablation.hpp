#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/base/progress.hpp"
#include "gibbon/space/objective.hpp"
#include "gibbon/study/surrogate.hpp"

namespace gibbon::study {

/// A searcher with the settings to try. Which of them it is compared with is decided on seeds of
/// their own.
struct Method {
  std::string name;
  std::string searcher;
  std::vector<base::Json> grid;  ///< at least one
  bool screened = false;         ///< with a ridge predictor, fitted anew before each ask
};

/// Settings with which esapp did best (docs/decisions/0007-search-ablation.md): all designs may be
/// parents until there are many, and the best of them are favoured less.
base::Json improved_esapp_settings();

/// The searchers of the ablation, each with a grid of the same size (random search has nothing to
/// set): docs/decisions/0007-search-ablation.md.
std::vector<Method> ablation_methods();

/// Of the searches that are reported; those before it have decided the grids.
inline constexpr std::uint64_t kFirstReportedSeed = 2001;

struct AblationOptions {
  int designs = 500;     ///< evaluated in one search
  int per_ask = 20;      ///< of them between two tells
  int seeds = 10;        ///< searches of each method that are reported, from kFirstReportedSeed on
  int tuning_seeds = 2;  ///< searches of each point of the grid, seeds 1001, 1002, ...
  int threads = 1;       ///< changes the time only
  space::Objective objective;
};

/// Hypervolume (search/pareto.hpp) after each ask of one search.
using Curve = std::vector<double>;

struct MethodResult {
  Method method;
  std::vector<double>
      grid_scores;            ///< mean hypervolume over the tuning seeds, by point of the grid
  base::Json chosen;          ///< the best of the grid
  std::vector<Curve> curves;  ///< by seed
  /// Of the last points, by seed.
  std::vector<double> finals() const;
};

/// One search of `options.designs` designs.
Curve search_curve(const Surrogate& surrogate, const Method& method, const base::Json& settings,
                   std::uint64_t seed, const AblationOptions& options);

/// Tunes and compares. Every method meets the same surrogate and makes the same number of designs.
std::vector<MethodResult> run_ablation(const Surrogate& surrogate, std::span<const Method> methods,
                                       const AblationOptions& options, base::Progress& progress);

}  // namespace gibbon::study
