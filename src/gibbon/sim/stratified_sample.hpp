#pragma once

#include <span>
#include <vector>

/// A share of a finite population from a stratified sample without replacement. Equations: Cochran,
/// Sampling Techniques, 3rd edition, chapter 5 (numbers below).
namespace gibbon::sim {

/// A part of the population, `seen` of whose images were drawn at random; `right` of those count.
struct Stratum {
  int images = 0;
  int seen = 0;
  int right = 0;
};

struct ShareEstimate {
  double share = 0;
  double deviation = 0;  ///< standard error; 0 where all images were seen
};

/// Images of either kind that are added to those seen, so that no stratum ever passes for certain:
/// for the error, and, more of them, for the allocation. A stratum that happens to begin alike
/// would else be left alone just when its share is off, and bias the estimate.
inline constexpr double kErrorPrior = 0.5;
inline constexpr double kAllocationPrior = 3;

/// sqrt(p (1 - p)) of an image of the stratum, p = (right + prior) / (seen + 2 prior).
double smoothed_deviation(const Stratum& stratum, double prior);

/// share = sum of W r / n (5.1) with standard error sqrt(sum of W^2 (1 - n / N) s^2 / n) (5.7),
/// where W is the stratum's part of all images, n of N were seen, r were right, and s is the
/// smoothed deviation with kErrorPrior. A stratum of which all images were seen adds no error.
/// Every stratum that has images must have been seen.
ShareEstimate estimate_share(std::span<const Stratum> strata);

/// How many of the next `count` images each stratum gives for the least standard error: Neyman's
/// allocation, n in proportion to N s (5.26), s smoothed with kAllocationPrior, in whole images and
/// within what the strata have left. One by one, each goes where N s / sqrt(n (n + 1)) is largest,
/// which is the exact optimum (Wright, The American Statistician 66(4), 2012). A stratum not yet
/// seen comes first. Ties go to the lowest stratum. Gives fewer than `count` where no more are
/// left.
std::vector<int> allocate_images(std::span<const Stratum> strata, int count);

/// Cuts sorted images into at most `strata` runs with equal sums of `deviations` (one an image,
/// > 0): the cumulative root rule of Dalenius and Hodges (5A.7), under which Neyman's allocation
/// takes about as many images from each stratum. Returns the ends of the runs, none of them empty.
std::vector<std::size_t> cut_strata(std::span<const double> deviations, int strata);

}  // namespace gibbon::sim
