#pragma once

#include <map>
#include <string>
#include <vector>

#include "gibbon/report/figure.hpp"
#include "gibbon/study/cimnet_arms.hpp"

namespace gibbon::app {

/// What was found in one space.
struct CimnetSpaceResult {
  std::string key;  ///< "vit", "cnn"
  const space::CimnetSpace* space = nullptr;
  std::int64_t steps = 0;  ///< of the supernet
  int screening_images = 0;
  int judging_images = 0;
  double minutes = 0;  ///< of training and measuring
  double most_points_lost = 0;
  int seeds = 0;
  study::CimnetArm baseline;
  std::vector<study::CimnetArm> arms;  ///< of every seed
  /// Percent on all test images, by network (study::network_of), of the shown designs.
  std::map<space::Genome, double> test;
  std::map<space::Genome, double> fine_tuned;  ///< likewise; empty: none was trained further
};

/// One arm over its seeds.
struct CimnetArmRow {
  std::string name;
  std::string chip;
  std::vector<study::CimnetArm> findings;  ///< of every seed, fastest first
  const study::CimnetArm& median() const { return findings[findings.size() / 2]; }
};
/// The baseline first, then the arms in the order in which they open genes.
std::vector<CimnetArmRow> cimnet_rows(const CimnetSpaceResult& result);

/// The arms in two tables, latencies and the rest, for a terminal.
std::string cimnet_text(const CimnetSpaceResult& result);
/// "cimnet": the arms, every seed's design, and the genes of the shown ones, of all spaces.
report::Figure cimnet_figure(const std::vector<CimnetSpaceResult>& results,
                             const std::string& images);

}  // namespace gibbon::app
