#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/study/cimnet_modes.hpp"

/// CiMNet's comparison (Kundu et al., arXiv 2402.11780) with measured accuracies: the fastest
/// design that is about as accurate as the largest network and whose chip is no larger than the
/// default one, by sub-network, by chip, and by both. docs/models/cimnet.md.
namespace gibbon::study {

/// Percent of a sub-network, given as a genome whose chip is the default one. Dear; always the same
/// images, and the same answer for the same genome.
using NetworkAccuracy = std::function<double(const space::Genome& network)>;

/// The best of many networks by few images are those whose images were lucky. So what is good on
/// the first images counts only if it is good on others.
struct NetworkAccuracies {
  NetworkAccuracy screen;  ///< on few images: of every network that is met
  NetworkAccuracy judge;   ///< on many others: of those that an arm could end with
};

struct CimnetArmOptions {
  double most_points_lost = 0.5;  ///< below the largest network's accuracy
  int first_networks = 12;     ///< random ones, screened before anything is predicted; at least 6
  int rounds = 3;              ///< of an arm that changes the network
  int networks_per_round = 4;  ///< at most so many are screened in each
  int population = 60;         ///< of the inner search on exact costs and predicted accuracies
  int generations = 30;
  int threads = 1;
};

/// Which genes a search may change, and what it found.
struct CimnetArm {
  std::string name;  ///< "baseline", "network", "hardware", "both"
  std::string chip;  ///< which numbers of the chip are open: "default", "on-chip", "all"
  std::uint64_t seed = 0;
  CimnetDesign design;
  double accuracy = 0;  ///< percent, judged
};

/// The largest network on the default chip.
CimnetArm baseline_arm(const space::CimnetSpace& space, const sim::Simulator& simulator,
                       const NetworkAccuracies& accuracies);

/// Every other arm with one seed: network on the default chip, then hardware and both, first with
/// the default chip's DRAM bandwidth ("on-chip"), then with all numbers open ("all"). No arm is
/// slower than one whose genes it has too, and all can fall back on the baseline.
///
/// The accuracy decides between networks alone (a digital array computes what the quantised network
/// does), so an arm that changes the network goes as LINAS does (linas.hpp), but with exact costs:
/// networks are screened, a predictor is fitted to all of this seed, a search on its predictions
/// names the fastest designs, and their networks are screened next. The predictor errs, so a round
/// aims at accuracies around the bound. From the fastest on, those that pass are judged until one
/// passes again: the arm's. The screen's bar moves by what networks lose more, or less, by
/// judgement than by screening on average. The same result with any number of threads; `accuracies`
/// are called from this one.
std::vector<CimnetArm> search_cimnet_arms(const space::CimnetSpace& space,
                                          const sim::Simulator& simulator,
                                          const CimnetArmOptions& options, std::uint64_t seed,
                                          const NetworkAccuracies& accuracies);

/// The seeds' findings of one arm, fastest first.
std::vector<CimnetArm> findings_of(std::span<const CimnetArm> arms, std::string_view name,
                                   std::string_view chip);
/// The genome's network on the default chip.
space::Genome network_of(const space::CimnetSpace& space, const space::Genome& genome);

}  // namespace gibbon::study
