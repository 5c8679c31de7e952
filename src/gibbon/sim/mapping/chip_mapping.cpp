#include "gibbon/sim/mapping/chip_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbon/sim/circuits/integer_math.hpp"
#include "gibbon/sim/mapping/distances.hpp"

namespace gibbon::sim {
namespace {

class Mapper {
 public:
  Mapper(const ComputeGraph& graph, const nn::Network& network, const hw::HardwareConfig& hardware,
         const Corrections& corrections, std::span<const StoredLayer> stored, ChipMapping& mapping)
      : graph_(graph),
        network_(network),
        hardware_(hardware),
        corrections_(corrections),
        stored_(stored),
        mapping_(mapping) {
    auto positions = std::move(mapping.positions);
    auto layers = std::move(mapping.layers);
    layers.clear();
    mapping = ChipMapping{};
    mapping.positions = std::move(positions);
    mapping.layers = std::move(layers);
  }

  std::optional<base::Infeasible> run() {
    for (const ComputeLayer& layer : graph_.layers) {
      if (auto reason = map_layer(layer)) return reason;
    }
    const auto& chip = hardware_.chip;
    const int tiles = chip.tile_rows * chip.tile_columns;
    if (mapping_.used_tiles > tiles) {
      return base::Infeasible{fmt::format("the network needs {} tiles, the chip has {} ({} x {})",
                                          mapping_.used_tiles, tiles, chip.tile_rows,
                                          chip.tile_columns)};
    }
    place_tiles(chip, mapping_.used_tiles, mapping_.positions);
    measure_distances(graph_, chip, corrections_, mapping_);
    return std::nullopt;
  }

 private:
  std::optional<base::Infeasible> map_layer(const ComputeLayer& layer) {
    LayerMapping mapped;
    switch (layer.kind) {
      case ComputeKind::kConv:
        if (matrix_of(layer).window > hardware_.crossbar.rows) return too_large(layer);
        map_conv(layer, mapped);
        break;
      case ComputeKind::kLinear:
        map_linear(layer, mapped);
        break;
      case ComputeKind::kPool:
        mapped.mx = mapped.my = 1;
        break;
      case ComputeKind::kAdd:
        add_to_accumulator(layer);
        break;
      case ComputeKind::kVector:
        break;
    }
    place(layer, mapped);
    mapping_.layers.push_back(mapped);
    return std::nullopt;
  }

  /// A conv's weights of one group: channels of `window` rows, and outputs.
  struct Matrix {
    int window;
    int channels;
    int outputs;
  };

  const StoredLayer* stored(const ComputeLayer& layer) const {
    return stored_.empty() ? nullptr : &stored_[static_cast<std::size_t>(layer.network_index)];
  }

  Matrix matrix_of(const ComputeLayer& layer) const {
    const StoredLayer* packed = stored(layer);
    if (packed != nullptr && packed->plan) {
      const nn::EpitomeShape& epitome = packed->plan->epitome();
      return {epitome.height * epitome.width, epitome.in_channels, epitome.out_channels};
    }
    return {layer.kernel * layer.kernel, layer.in_channels / layer.groups,
            layer.out_channels / layer.groups};
  }

  base::Infeasible too_large(const ComputeLayer& layer) const {
    const auto& name = network_.layers()[static_cast<std::size_t>(layer.network_index)].name;
    return {fmt::format("layer '{}': a {}x{} window does not fit on {} wordlines", name,
                        layer.kernel, layer.kernel, hardware_.crossbar.rows)};
  }

  /// MNSIM's cells hold one bit each, whatever their levels [Q4]; its accuracy path, and the
  /// correction, let multi-bit cells divide the bits among fewer planes.
  int planes(const ComputeLayer& layer) const {
    const int bits = hardware_.pe.polarity == 2 ? layer.weight_bits - 1 : layer.weight_bits;
    return cells_for(bits);
  }

  int cells_for(int bits) const {
    return corrections_.multi_bit_cells ? ceil_div(bits, hardware_.device.bits()) : bits;
  }

  void map_weights(const ComputeLayer& layer, int outputs, LayerMapping& mapped) const {
    const int columns = hardware_.crossbar.columns;
    const StoredLayer* packed = stored(layer);
    if (packed != nullptr) {
      mapped.column_slices = cells_for(packed->slices);
      outputs *= mapped.column_slices;
    }
    const int bit_planes = packed != nullptr ? 1 : planes(layer);
    mapped.mx = ceil_div(bit_planes, hardware_.pe.groups) * ceil_div(outputs, columns);
    mapped.columns = std::min(outputs, columns);
    mapped.bit_planes = std::min(bit_planes, hardware_.pe.groups);
    mapped.weight_planes = bit_planes;
  }

  /// Groups are stacked along the wordlines and share the bitlines, one active at a time. No group
  /// straddles crossbars unless it needs more than one.
  void map_conv(const ComputeLayer& layer, LayerMapping& mapped) const {
    const auto [window, channels_per_group, outputs] = matrix_of(layer);
    const int channels_per_crossbar = hardware_.crossbar.rows / window;
    const int channels = std::min(channels_per_crossbar, channels_per_group);
    const int stacked = std::max(1, channels_per_crossbar / channels_per_group);
    map_weights(layer, outputs, mapped);
    mapped.my = channels_per_group > channels_per_crossbar
                    ? layer.groups * ceil_div(channels_per_group, channels_per_crossbar)
                    : ceil_div(layer.groups, stacked);
    mapped.rows = channels * window;
    mapped.group_passes = std::min(stacked, layer.groups);
    mapped.channels_per_pe = channels * mapped.group_passes;
    mapped.used_cells = static_cast<double>(window) * channels_per_group * layer.groups * outputs *
                        mapped.weight_planes * mapped.column_slices;
  }

  void map_linear(const ComputeLayer& layer, LayerMapping& mapped) const {
    map_weights(layer, layer.out_channels, mapped);
    mapped.my = ceil_div(layer.in_channels, hardware_.crossbar.rows);
    mapped.rows = std::min(layer.in_channels, hardware_.crossbar.rows);
    mapped.channels_per_pe = mapped.rows;
    mapped.used_cells = static_cast<double>(layer.in_channels) * layer.out_channels *
                        mapped.weight_planes * mapped.column_slices;
  }

  void place(const ComputeLayer& layer, LayerMapping& mapped) {
    const int pes = hardware_.tile.pe_count();
    mapped.pe_count = mapped.mx * mapped.my;
    mapped.tile_count = ceil_div(mapped.pe_count, pes);
    mapped.pes_per_tile = std::min(mapped.pe_count, pes);
    mapped.first_tile = mapping_.used_tiles;
    mapping_.used_tiles += mapped.tile_count;
    if (layer.kind != ComputeKind::kConv && layer.kind != ComputeKind::kLinear) return;
    mapping_.pe_count += mapped.pe_count;
    size_buffers(layer, mapped);
  }

  void size_buffers(const ComputeLayer& layer, const LayerMapping& mapped) {
    const double inputs = layer.kind == ComputeKind::kConv ? static_cast<double>(layer.in_width) *
                                                                 layer.kernel * layer.in_channels
                                                           : layer.in_channels;
    const double in_bytes = inputs * layer.input_bits / 8 / mapped.pe_count;
    const double out_bytes =
        static_cast<double>(layer.out_channels) * layer.output_bits / 8 * 2 / mapped.tile_count;
    mapping_.input_buffer_kb =
        std::max(mapping_.input_buffer_kb, next_power_of_two(in_bytes) / 1024);
    mapping_.output_buffer_kb =
        std::max(mapping_.output_buffer_kb, next_power_of_two(out_bytes) / 1024);
  }

  void add_to_accumulator(const ComputeLayer& layer) {
    const double bytes = accumulator_data_bytes(layer);
    mapping_.global_data_bytes += bytes;
    mapping_.global_buffer_kb += next_power_of_two(bytes) / 1024;
    mapping_.global_adders += layer.out_channels * layer.operands / 2;
    mapping_.global_adder_bits = std::max(mapping_.global_adder_bits, layer.output_bits);
  }

  const ComputeGraph& graph_;
  const nn::Network& network_;
  const hw::HardwareConfig& hardware_;
  const Corrections& corrections_;
  std::span<const StoredLayer> stored_;
  ChipMapping& mapping_;
};

}  // namespace

double accumulator_data_bytes(const ComputeLayer& add) {
  return static_cast<double>(add.out_channels) * add.output_bits * add.operands / 8;
}

std::vector<std::size_t> StoredLayer::computed() const {
  if (reuses) return plan->computed();
  std::vector<std::size_t> all(plan->rounds().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::optional<base::Infeasible> map_network(const ComputeGraph& graph, const nn::Network& network,
                                            const hw::HardwareConfig& hardware,
                                            ChipMapping& mapping, const Corrections& corrections,
                                            std::span<const StoredLayer> stored) {
  return Mapper(graph, network, hardware, corrections, stored, mapping).run();
}

}  // namespace gibbon::sim
