#pragma once

#include <string>
#include <vector>

#include "gibbon/study/surrogate.hpp"

namespace gibbon::study {

/// One of the seven of the Gibbon paper's section VI, held against our numbers.
struct Insight {
  int number = 0;
  std::string claim;   ///< the paper's, in short
  std::string figure;  ///< what was measured, with its unit
  std::string paper;   ///< the paper's number or order; "-" where it gives none
  std::string ours;
  bool confirmed = false;
};

struct InsightOptions {
  int pairs = 1000;    ///< random designs that a pair of choices is compared on
  int designs = 2000;  ///< of each search whose best designs are counted
  int seeds = 5;       ///< searches of each kind
  std::uint64_t seed = 1;
};

/// One or more rows for each insight, in order. A pair of choices is compared on the same random
/// designs, all else equal; what designs "prefer" is counted over the fronts of ESAPP searches.
std::vector<Insight> check_insights(const Surrogate& surrogate, const InsightOptions& options);

}  // namespace gibbon::study
