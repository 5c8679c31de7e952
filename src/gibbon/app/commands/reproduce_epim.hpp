#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/nn/epitome.hpp"
#include "gibbon/sim/cost.hpp"

namespace gibbon::app {

/// How one layer with weights is stored.
struct EpitomeLayerRow {
  std::string layer;
  std::optional<nn::EpitomeShape> epitome;  ///< nothing: as it is
  bool wrapped = false;
  int bits = 0;  ///< of its weights, sign included
};

/// One design of ResNet-50 at ImageNet shapes on packed crossbars, simulated.
struct EpitomeDesignRow {
  std::string comparison;  ///< "9 bit" or "3/5 bit": designs that share a budget
  std::string design;      ///< "convolutions", "uniform", "wrapped", "for latency", ...
  long crossbars = 0;
  long stored_weights = 0;
  double compression = 0;  ///< of the 32-bit convolutions' crossbars
  sim::Cost cost;
  std::vector<EpitomeLayerRow> layers;
  std::string storage_yaml;  ///< for `simulate --epitome FILE.yaml`
};

/// EPIM's layer-wise design: the uniform epitome 1024x256 with 9-bit weights, and with mixed 3- and
/// 5-bit weights within EPIM's 428 crossbars, beside designs found by study::search_epitomes for
/// latency, energy and EDP at the same budget. A searched design stores nine tenths of the uniform
/// one's weights at least, and its mixed widths are no noisier.
std::vector<EpitomeDesignRow> epitome_designs(std::uint64_t seed);

/// One FILE.yaml a design, "9-bit-for-edp.yaml", in the folder, which is made if it is missing.
/// Throws base::Error with the system's reason.
void write_designs(const std::vector<EpitomeDesignRow>& rows, const std::filesystem::path& folder);

std::string to_text(const std::vector<EpitomeDesignRow>& rows);
/// With the ratios to the uniform design of the same comparison, and the layers of each design.
base::Json to_json(const std::vector<EpitomeDesignRow>& rows);

}  // namespace gibbon::app
