#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// One recorded layer of a reference case against ours.
struct LayerComparison {
  std::string mode;  ///< "scale" or "fix"
  int layer = 0;     ///< index in the case's network; -1 for the logits of all images
  long elements = 0;
  long mismatches = 0;              ///< elements that differ at all
  double worst_relative_error = 0;  ///< |difference| / largest |expected| of the layer
};

/// What became of a reference case of MNSIM's accuracy path.
struct AccuracyCaseReport {
  std::string name;
  bool passed = false;
  double worst_relative_error = 0;
  std::vector<LayerComparison> layers;
  std::string failure;  ///< empty if passed
};

/// Runs the SCALE and FIX passes of a case of /mnsim/accuracy (a JSON file with its .bin beside it)
/// and compares weight digits, every recorded layer of the first image and all logits. Passes where
/// every layer is within 1e-5 of its largest value. A file that cannot be read is a failure in the
/// report, not an exception.
AccuracyCaseReport verify_accuracy_case(const std::filesystem::path& json_path,
                                        Isa isa = Isa::kAuto);

/// The *.json cases of a folder, sorted. Throws base::Error if there is no such folder.
std::vector<std::filesystem::path> accuracy_cases(const std::filesystem::path& folder);

}  // namespace gibbon::sim
