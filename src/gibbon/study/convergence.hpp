#pragma once

#include <map>
#include <string>
#include <vector>

#include "gibbon/study/ablation.hpp"

namespace gibbon::study {

/// Where an ESAPP search stood at one ask, means over the seeds.
struct ConvergenceStep {
  int designs = 0;                      ///< told before the ask
  std::map<std::string, double> genes;  ///< entropy over that of a uniform draw, 0 to 1, by gene
  std::map<std::string, double> slots;  ///< the same, mean over the genes of a slot
  double equivalent_log10_size = 0;
};

/// Runs `options.seeds` searches with esapp (settings as given) and follows each gene's entropy
/// over the parents (equation 1 of the Gibbon paper). One-choice genes are left out.
std::vector<ConvergenceStep> run_convergence(const Surrogate& surrogate, const base::Json& settings,
                                             const AblationOptions& options);

}  // namespace gibbon::study
