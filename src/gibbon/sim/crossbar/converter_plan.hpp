#pragma once

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/layer.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// Bits of what a layer reads and holds, signs included.
struct LayerBits {
  int input = 9;
  int weight = 9;
};

/// How a Conv or Linear layer is cut into crossbars and digits, and how fine its converters are:
/// what follows from shapes and bits alone. docs/models/accuracy.md.
struct ConverterPlan {
  int channels_per_block = 0;  ///< input channels of a crossbar; 0: the kernel does not fit one
  int row_blocks = 1;          ///< n: crossbars whose sums an output adds
  int dac_bits = 1;            ///< of an input digit
  int cell_bits = 1;           ///< of a weight digit
  int cycles = 8;              ///< input digits
  int parts = 8;               ///< weight digits
  int resolution = 8;          ///< Q, sign included
  int point_shift = 0;         ///< kScale: exponent of the conversion range

  int fraction_bits() const { return point_shift + resolution - 1; }  ///< kScale: t
};

/// `layer` must be a Conv or a Linear (std::bad_variant_access).
ConverterPlan plan_converters(const nn::LayerParameters& layer, LayerBits bits,
                              const hw::HardwareConfig& hardware, AdcMode mode);

}  // namespace gibbon::sim
