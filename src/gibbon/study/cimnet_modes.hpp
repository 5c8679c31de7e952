#pragma once

#include <string>
#include <vector>

#include "gibbon/study/cimnet.hpp"

namespace gibbon::study {

/// Which genes a search may change.
struct CimnetMode {
  std::string name;  ///< "network", "hardware", "both"
  std::string chip;  ///< which numbers of the chip are open: "default", "sizes", ...
  std::vector<std::size_t> genes;
};

/// Which numbers of the chip are open, each list holding the one before it: "sizes" of memories and
/// arrays, which area pays for; "on-chip", also the bandwidths of the memories on it; "all", also
/// the DRAM's. Bandwidths have no area in the model.
std::vector<CimnetMode> hardware_modes(const space::CimnetSpace& space);

struct CimnetStudyOptions {
  std::vector<double> kept_macs = {1, 0.9, 0.8, 0.7, 0.6, 0.5};  ///< falling
  int seeds = 5;
  int population = 60;
  int generations = 60;
  int threads = 1;
};

/// The fastest design that one search found.
struct CimnetFinding {
  std::string mode;
  std::string chip;
  double min_kept_macs = 1;
  std::uint64_t seed = 0;
  CimnetDesign design;
};

/// Every mode at every share of multiply-accumulates, within the baseline's area, with the seeds 1
/// to `seeds`. A search starts from what the same seed found with fewer open genes or a larger
/// share, so opening genes never makes a network slower. Of the mode "hardware", the largest
/// network's, there is one finding a seed and chip. The same result with any number of threads.
std::vector<CimnetFinding> run_cimnet_modes(const space::CimnetSpace& space,
                                            const sim::Simulator& simulator,
                                            const CimnetStudyOptions& options);

/// Latencies of the seeds' findings, sorted.
std::vector<double> latencies_of(const std::vector<CimnetFinding>& findings, std::string_view mode,
                                 std::string_view chip, double min_kept_macs);
/// The fastest of them; throws std::logic_error where there is none.
const CimnetFinding& fastest_of(const std::vector<CimnetFinding>& findings, std::string_view mode,
                                std::string_view chip, double min_kept_macs);

}  // namespace gibbon::study
