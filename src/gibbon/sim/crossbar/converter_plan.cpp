#include "gibbon/sim/crossbar/converter_plan.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {

namespace {

constexpr int kWidestDigit = 7;  // that the kernels know

/// Rows that are read through the DACs one after the other cost bits of the sum.
int serial_bits(int rows, int dacs) {
  const double ratio = static_cast<double>(rows) / dacs;
  return std::max(0, static_cast<int>(std::ceil(std::log2(ratio))));
}

struct Inputs {
  int count = 0;  ///< of a group
  int taps = 1;   ///< rows of each
  int groups = 1;
  int point_shift = 0;
  bool linear = false;
};

Inputs inputs_of(const nn::LayerParameters& layer) {
  if (const auto* linear = std::get_if<nn::Linear>(&layer)) {
    return {linear->in_features, 1, 1, linear->point_shift, true};
  }
  const auto& conv = std::get<nn::Conv>(layer);
  return {conv.in_channels / conv.groups, conv.kernel * conv.kernel, conv.groups, conv.point_shift,
          false};
}

/// MNSIM sizes the converter for a full crossbar even where the layer has fewer channels; in a
/// grouped convolution, which it does not know, only one group's rows are ever active.
int converted_rows(const Inputs& inputs, int channels_per_block, int crossbar_rows) {
  if (inputs.linear) return std::min(inputs.count, crossbar_rows);
  if (inputs.groups > 1) return std::min(channels_per_block, inputs.count) * inputs.taps;
  return channels_per_block * inputs.taps;
}

}  // namespace

ConverterPlan plan_converters(const nn::LayerParameters& layer, LayerBits bits,
                              const hw::HardwareConfig& hardware, AdcMode mode) {
  const Inputs inputs = inputs_of(layer);
  const bool ideal = mode == AdcMode::kIdeal;
  ConverterPlan plan;
  plan.channels_per_block = hardware.crossbar.rows / inputs.taps;
  if (plan.channels_per_block == 0) return plan;
  plan.row_blocks = ceil_div(inputs.count, plan.channels_per_block);
  plan.dac_bits = ideal ? kWidestDigit : hardware.dac.bits;
  plan.cell_bits = ideal ? kWidestDigit : hardware.device.bits();
  const bool sign_apart = hardware.pe.polarity == 2 || ideal;
  plan.parts = ceil_div(sign_apart ? bits.weight - 1 : bits.weight, plan.cell_bits);
  plan.cycles = ceil_div(bits.input - 1, plan.dac_bits);
  const int rows = converted_rows(inputs, plan.channels_per_block, hardware.crossbar.rows);
  plan.resolution = hardware.adc.accuracy_bits + serial_bits(rows, hardware.pe.dacs_per_subarray);
  plan.point_shift =
      static_cast<int>(std::floor(inputs.point_shift + 0.5 * std::log2(plan.row_blocks)));
  return plan;
}

}  // namespace gibbon::sim
