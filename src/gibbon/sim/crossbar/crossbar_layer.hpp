#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/crossbar/adc_transfer.hpp"

namespace gibbon::sim {

/// Where a wordline takes its input for the output at (y, x): channel `channel` at row
/// y*stride + dy and column x*stride + dx of the input padded with `padding` zeros on every side.
struct RowSource {
  int channel;
  int dy;
  int dx;
};

/// The wordlines of one crossbar and the outputs (columns) that it feeds.
struct RowBlock {
  int first_output = 0;
  int output_count = 0;
  std::vector<RowSource> rows;
  std::vector<std::int16_t> weights;  ///< [output_count, rows], signed integers
};

/// A Conv or Linear layer with its weights as integers, cut into crossbars, and all the numbers of
/// its converters. Linear layers are 1x1 convolutions of 1x1 images. A value type, the common
/// ground of all kernels.
struct CrossbarLayer {
  std::string name;
  int in_channels = 0;
  int out_channels = 0;
  int in_height = 1;
  int in_width = 1;
  int out_height = 1;
  int out_width = 1;
  int stride = 1;
  int padding = 0;
  int input_bits = 9;  ///< sign included; the output is quantised with them, too
  int weight_bits = 9;
  int dac_bits = 1;   ///< bits of an input digit
  int cell_bits = 1;  ///< bits of a weight digit
  int cycles = 8;     ///< input digits
  int parts = 8;      ///< weight digits
  int polarity = 2;
  std::vector<RowBlock> blocks;  ///< in the order of accumulation
  AdcTransfer adc;

  float input_limit() const { return power_of_two(input_bits - 1) - 1.0F; }
  int pixels() const { return out_height * out_width; }
  /// Exponent by which digit pair (input digit, weight digit) lies above the least significant one.
  int shift(int input_digit, int weight_digit) const {
    return input_digit * dac_bits + weight_digit * cell_bits;
  }
  /// The output for an accumulated value in units of the output range (step 6 of the model).
  float finish(float accumulated) const;
};

/// CrossbarLayer::finish in a form that vectorises, for loops over outputs.
inline float finish_output(float accumulated, float limit, float output_range) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: rounds half to even
  const float code = std::min(std::max(accumulated * limit, -limit), limit);
  return ((code + kRounder) - kRounder) * output_range / limit;
}

/// Digit `index` (0 = least significant) of a signed number, with the number's sign.
int signed_digit(int value, int index, int bits);

/// Prepares layer `index` of a network, a Conv or Linear. Throws base::Error naming the layer where
/// its state does not fit it or its kernel does not fit the crossbar.
CrossbarLayer prepare_crossbar_layer(const nn::TrainedNetwork& trained, int index,
                                     const hw::HardwareConfig& hardware, AdcMode mode);

/// The layer's input as integers on its grid: clamp(round(x / scale)).
void quantize_input(const CrossbarLayer& layer, const float* values, std::size_t count,
                    std::int16_t* integers);

}  // namespace gibbon::sim
