#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/hw/component_library.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::sim::testing_support {

/// Residual networks of about 30 compute layers with every layer type, group convolutions and
/// symmetric padding, and hardware that mostly has room for them.
class RandomDesigns {
 public:
  explicit RandomDesigns(std::uint64_t seed) : rng_(seed) {}

  nn::Network network(int input_size = 32, int blocks = 9) {
    int size = input_size;
    layers_.clear();
    int channels = 16 << pick(0, 1);
    add("stem", conv(3, channels, 3, 1, 1), -1);
    int tail = activate("stem", channels, 0);
    for (int b = 0; b < blocks; ++b) {
      const int stride = b > 0 && b % 3 == 0 ? 2 : 1;
      const int wider = stride == 2 ? channels * 2 : channels;
      tail = block(fmt::format("b{}", b), channels, wider, stride, tail);
      channels = wider;
      size = (size + stride - 1) / stride;
    }
    tail = add("pool", nn::Pool{nn::PoolMode::kGlobalAverage, size, size, 0, bits()}, tail);
    tail = add("flatten", nn::Flatten{}, tail);
    tail = add("drop", nn::Dropout{}, tail);
    nn::Linear linear;
    linear.in_features = channels;
    linear.out_features = 10;
    linear.activation_bits = bits();
    add("fc", linear, tail);
    nn::NetworkDescription description;
    description.name = "random";
    description.input = {3, input_size, input_size};
    description.num_classes = 10;
    description.layers = layers_;
    return nn::Network(description);
  }

  hw::HardwareConfig hardware() {
    hw::HardwareConfig h;
    h.device.type = pick(0, 3) == 0 ? hw::DeviceType::kSram : hw::DeviceType::kNvm;
    h.crossbar.rows = h.crossbar.columns = 64 << pick(0, 2);
    h.crossbar.subarray_rows = h.crossbar.rows >> pick(0, 2);
    h.crossbar.cell = pick(0, 1) ? hw::CellType::k0T1R : hw::CellType::k1T1R;
    h.crossbar.area_rule = pick(0, 4) == 0 ? hw::AreaRule::kTechnology : hw::AreaRule::kDeviceArea;
    h.adc = hw::adc_preset(pick(1, 9));
    h.dac = hw::dac_preset(pick(1, 7));
    h.pe.polarity = pick(1, 2);
    h.pe.sub_position = pick(0, 1);
    h.pe.groups = 1 << pick(0, 3);
    h.pe.dacs_per_subarray = 4 << pick(0, 5);
    h.pe.adcs_per_subarray = 4 << pick(0, 4);
    h.pe.pim_type = pick(0, 5) == 0 ? hw::PimType::kDigital : hw::PimType::kAnalogue;
    h.tile.pe_rows = pick(1, 4);
    h.tile.pe_columns = pick(1, 4);
    h.tile.pooling_size = pick(0, 1) ? 9 : 4;
    h.chip.placement = static_cast<hw::TilePlacement>(pick(0, 3));
    h.chip.tile_rows = h.chip.tile_columns = 40 << pick(0, 1);
    h.chip.buffer_bitwidth = 64 << pick(0, 3);
    h.chip.buffer_technology_nm =
        std::array<double, 3>{90, 65, 45}[static_cast<std::size_t>(pick(0, 2))];
    if (pick(0, 1)) {
      h.pe.input_buffer_from_mapping = h.tile.output_buffer_from_mapping = false;
      h.pe.input_buffer_kb = 4 << pick(0, 7);
      h.tile.output_buffer_kb = 4 << pick(0, 7);
    }
    h.power_detail = pick(0, 4) == 0 ? hw::PowerDetail::kWholeArray : hw::PowerDetail::kUsedCells;
    hw::validate(h);
    return h;
  }

  int pick(int low, int high) {
    return low + static_cast<int>(rng_.below(static_cast<std::uint64_t>(high - low + 1)));
  }

 private:
  int bits() { return pick(5, 9); }

  nn::Conv conv(int in, int out, int kernel, int stride, int padding) {
    nn::Conv c;
    c.in_channels = in;
    c.out_channels = out;
    c.kernel = kernel;
    c.stride = stride;
    c.padding = padding;
    c.weight_bits = bits();
    c.activation_bits = bits();
    return c;
  }

  int add(const std::string& name, nn::LayerParameters parameters, int input) {
    layers_.push_back({name, std::move(parameters), {input}});
    return static_cast<int>(layers_.size()) - 1;
  }

  int activate(const std::string& name, int channels, int input) {
    nn::BatchNorm norm;
    norm.features = channels;
    if (pick(0, 1)) norm.output_bits = bits();
    const int normed = add(name + "_bn", norm, input);
    if (pick(0, 1)) return add(name + "_relu", nn::Relu{}, normed);
    return add(name + "_tanh", nn::HardTanh{bits()}, normed);
  }

  int block(const std::string& name, int in, int out, int stride, int input) {
    nn::Conv first = conv(in, out, 3, stride, 1);
    if (pick(0, 1)) first.groups = 1 << pick(1, 4);
    int tail = activate(name + "_1", out, add(name + "_c1", first, input));
    nn::Conv second = conv(out, out, 3, 1, 1);
    if (pick(0, 2) == 0) {
      second.kernel = 2;
      second.padding = 0;
      second.padding_mode = nn::PaddingMode::kSymmetric;
    }
    tail = activate(name + "_2", out, add(name + "_c2", second, tail));
    int skip = input;
    if (stride != 1) skip = add(name + "_skip", conv(in, out, 1, stride, 0), input);
    layers_.push_back({name + "_add", nn::Add{out, bits()}, {tail, skip}});
    return static_cast<int>(layers_.size()) - 1;
  }

  base::Rng rng_;
  std::vector<nn::Layer> layers_;
};

}  // namespace gibbon::sim::testing_support
