#include "gibbon/sim/crossbar/crossbar_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/crossbar/converter_plan.hpp"

namespace gibbon::sim {

namespace {

/// The layer's geometry, the same for Conv and Linear.
struct Geometry {
  int groups = 1;
  int kernel = 1;
  nn::PaddingMode padding_mode = nn::PaddingMode::kZeros;

  int taps() const { return kernel * kernel; }
};

[[noreturn]] void refuse(const std::string& layer, const std::string& problem) {
  throw base::Error(fmt::format("layer '{}': {}", layer, problem));
}

Geometry fill_geometry(const nn::Network& network, int index, CrossbarLayer& layer) {
  const nn::Shape& in = network.input_shape(index);
  const nn::Shape& out = network.output_shape(index);
  const nn::LayerParameters& parameters =
      network.layers()[static_cast<std::size_t>(index)].parameters;
  if (const auto* linear = std::get_if<nn::Linear>(&parameters)) {
    layer.in_channels = linear->in_features;
    layer.out_channels = linear->out_features;
    return {};
  }
  const auto& conv = std::get<nn::Conv>(parameters);
  layer.in_channels = conv.in_channels;
  layer.out_channels = conv.out_channels;
  layer.in_height = in.height;
  layer.in_width = in.width;
  layer.out_height = out.height;
  layer.out_width = out.width;
  layer.stride = conv.stride;
  layer.padding = conv.padding_mode == nn::PaddingMode::kSymmetric ? 1 : conv.padding;
  return {conv.groups, conv.kernel, conv.padding_mode};
}

void check_state(const CrossbarLayer& layer, const nn::LayerState& state,
                 std::size_t weight_count) {
  if (state.weight.size() != weight_count) {
    refuse(layer.name, fmt::format("has {} weights, needs {}", state.weight.size(), weight_count));
  }
  if (!state.pair_scales.empty()) {
    refuse(
        layer.name,
        "the crossbars of its epitome have scales of their own, the simulation knows one scale a "
        "layer; train it without them");
  }
  const auto check_grid = [&](const char* what, const nn::QuantizationScale& grid) {
    if (grid.bits < 2 || grid.bits > 15 || !(grid.scale > 0.0) || !std::isfinite(grid.scale)) {
      refuse(layer.name,
             fmt::format("the grid of its {} has {} bits and scale {}; 2 to 15 bits and a positive "
                         "scale are needed",
                         what, grid.bits, grid.scale));
    }
  };
  check_grid("input", state.input);
  check_grid("weights", state.weights);
  if (!(state.output_range > 0.0) || !std::isfinite(state.output_range)) {
    refuse(layer.name, fmt::format("its output range is {}, it must be positive (has the network "
                                   "been trained with quantisation?)",
                                   state.output_range));
  }
}

void append_channel_rows(const Geometry& geometry, int channel, std::vector<RowSource>& rows) {
  nn::CornerOffset corner{0, 0};
  if (geometry.padding_mode == nn::PaddingMode::kSymmetric) corner = nn::symmetric_corner(channel);
  for (int ky = 0; ky < geometry.kernel; ++ky) {
    for (int kx = 0; kx < geometry.kernel; ++kx) {
      rows.push_back({channel, corner.row + ky, corner.column + kx});
    }
  }
}

/// Cuts the layer into row blocks; `weights` are [out, in/groups, k, k].
void cut_into_blocks(const Geometry& geometry, const std::vector<std::int16_t>& weights,
                     int channels_per_block, CrossbarLayer& layer) {
  const int group_inputs = layer.in_channels / geometry.groups;
  const int group_outputs = layer.out_channels / geometry.groups;
  for (int group = 0; group < geometry.groups; ++group) {
    for (int first = 0; first < group_inputs; first += channels_per_block) {
      const int last = std::min(first + channels_per_block, group_inputs);
      RowBlock block;
      block.first_output = group * group_outputs;
      block.output_count = group_outputs;
      for (int channel = first; channel < last; ++channel) {
        append_channel_rows(geometry, group * group_inputs + channel, block.rows);
      }
      for (int output = 0; output < group_outputs; ++output) {
        const long row = static_cast<long>(block.first_output + output) * group_inputs;
        const auto begin = weights.begin() + (row + first) * geometry.taps();
        block.weights.insert(block.weights.end(), begin,
                             begin + static_cast<long>(last - first) * geometry.taps());
      }
      layer.blocks.push_back(std::move(block));
    }
  }
}

std::vector<std::int16_t> integer_weights(const nn::LayerState& state) {
  const float scale = static_cast<float>(state.weights.scale);
  const float limit = power_of_two(state.weights.bits - 1) - 1.0F;
  std::vector<std::int16_t> integers;
  integers.reserve(state.weight.size());
  for (const float weight : state.weight) {
    integers.push_back(static_cast<std::int16_t>(round_and_clamp(weight / scale, limit)));
  }
  return integers;
}

}  // namespace

float CrossbarLayer::finish(float accumulated) const {
  const float limit = input_limit();
  return round_and_clamp(accumulated * limit, limit) * adc.output_range / limit;
}

int signed_digit(int value, int index, int bits) {
  const int digit = (std::abs(value) >> (index * bits)) & ((1 << bits) - 1);
  return value < 0 ? -digit : digit;
}

CrossbarLayer prepare_crossbar_layer(const nn::TrainedNetwork& trained, int index,
                                     const hw::HardwareConfig& hardware, AdcMode mode) {
  const nn::LayerState& state = trained.states.at(static_cast<std::size_t>(index));
  const nn::Layer& described = trained.network.layers()[static_cast<std::size_t>(index)];
  CrossbarLayer layer;
  layer.name = described.name;
  const Geometry geometry = fill_geometry(trained.network, index, layer);
  const int group_inputs = layer.in_channels / geometry.groups;
  check_state(layer, state,
              static_cast<std::size_t>(layer.out_channels) *
                  static_cast<std::size_t>(group_inputs) *
                  static_cast<std::size_t>(geometry.taps()));

  const ConverterPlan plan =
      plan_converters(described.parameters, {state.input.bits, state.weights.bits}, hardware, mode);
  if (plan.channels_per_block == 0) {
    refuse(layer.name, fmt::format("a {0}x{0} kernel does not fit crossbars of {1} rows",
                                   geometry.kernel, hardware.crossbar.rows));
  }
  layer.input_bits = state.input.bits;
  layer.weight_bits = state.weights.bits;
  layer.dac_bits = plan.dac_bits;
  layer.cell_bits = plan.cell_bits;
  layer.polarity = hardware.pe.polarity;
  layer.parts = plan.parts;
  layer.cycles = plan.cycles;
  cut_into_blocks(geometry, integer_weights(state), plan.channels_per_block, layer);

  layer.adc.mode = mode;
  layer.adc.weight_scale = static_cast<float>(state.weights.scale);
  layer.adc.input_scale = static_cast<float>(state.input.scale);
  layer.adc.output_range = static_cast<float>(state.output_range);
  layer.adc.resolution = plan.resolution;
  layer.adc.point_shift = plan.point_shift;
  layer.adc.top_shift = layer.shift(layer.cycles - 1, layer.parts - 1);
  layer.adc.full_scale = static_cast<float>(((1 << layer.dac_bits) - 1) *
                                            ((1 << layer.cell_bits) - 1) * hardware.crossbar.rows);
  return layer;
}

void quantize_input(const CrossbarLayer& layer, const float* values, std::size_t count,
                    std::int16_t* integers) {
  const float limit = layer.input_limit();
  const float scale = layer.adc.input_scale;
  // Adding and subtracting 1.5 * 2^23 rounds half to even like nearbyint, but vectorises; clamping
  // first keeps the value in the range where that holds.
  constexpr float kRounder = 12582912.0F;
  for (std::size_t i = 0; i < count; ++i) {
    const float clamped = std::clamp(values[i] / scale, -limit, limit);
    integers[i] = static_cast<std::int16_t>((clamped + kRounder) - kRounder);
  }
}

}  // namespace gibbon::sim
