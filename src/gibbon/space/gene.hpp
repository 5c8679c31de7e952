#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon::space {

/// Which part of a design a gene decides.
enum class GenePart { kNetwork, kQuantization, kHardware };
/// "network", "quantization", "hardware".
std::string_view part_name(GenePart part);

/// One decision and its choices. Values are what decoding uses; the genome holds choice indices.
struct Gene {
  std::string name;  ///< unique: "stage2.block3.kernel", "hardware.adc_bits"
  std::string slot;  ///< what it decides, the same in every block: "kernel"
  GenePart part = GenePart::kNetwork;
  int block = -1;               ///< position in the network's sequence of blocks; -1: whole design
  std::vector<double> choices;  ///< at least one, distinct
};

}  // namespace gibbon::space
