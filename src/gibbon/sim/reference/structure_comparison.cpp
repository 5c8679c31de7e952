#include "gibbon/sim/reference/case_comparison.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace gibbon::sim {

using base::Json;

namespace {

Json relative_indices(std::span<const int> numbers, std::size_t from) {
  Json list = Json::array();
  for (const int number : numbers) list.push_back(number - static_cast<int>(from));
  return list;
}

const char* type_of(ComputeKind kind) {
  switch (kind) {
    case ComputeKind::kConv:
      return "conv";
    case ComputeKind::kLinear:
      return "fc";
    case ComputeKind::kPool:
      return "pooling";
    case ComputeKind::kAdd:
      return "element_sum";
    case ComputeKind::kVector:
      return "vector";  // MNSIM has none
  }
  return "";
}

}  // namespace

void compare_structure(const MnsimEvaluation& ours, const Json& expected, CaseComparison& out) {
  const auto& layers = ours.graph.layers;
  out.at("structure");
  out.check("layer count", static_cast<double>(layers.size()), expected.size());
  for (std::size_t i = 0; i < layers.size() && i < expected.size(); ++i) {
    const ComputeLayer& layer = layers[i];
    const Json& reference = expected[i];
    out.at("structure", layer_place(i));
    out.check_equal("type", type_of(layer.kind), reference.at("type"));
    // The reference simulator writes the network's input as -1 relative to layer 0 alone.
    out.check_equal("Inputindex", relative_indices(ours.graph.sources_of(layer), i),
                    reference.at("Inputindex"));
    out.check_equal("Outputindex", relative_indices(ours.graph.destinations_of(layer), i),
                    reference.at("Outputindex"));
    if (layer.kind == ComputeKind::kAdd) continue;
    out.check("Inputbit", layer.input_bits, reference.at("Inputbit"));
    out.check("outputbit", layer.output_bits, reference.at("outputbit"));
    out.check("Outputchannel", layer.out_channels, reference.at("Outputchannel"));
    out.check_equal("Outputsize", Json{layer.out_height, layer.out_width},
                    reference.at("Outputsize"));
    if (layer.kind != ComputeKind::kPool) {
      out.check("Weightbit", layer.weight_bits, reference.at("Weightbit"));
      out.check("row_split_num", ours.mapping.layers[i].my, reference.at("row_split_num"));
    }
    if (layer.kind == ComputeKind::kLinear) continue;
    out.check("Inputchannel", layer.in_channels, reference.at("Inputchannel"));
    out.check_equal("Inputsize", Json{layer.in_height, layer.in_width}, reference.at("Inputsize"));
    out.check("Kernelsize", layer.kernel, reference.at("Kernelsize"));
    out.check("Stride", layer.stride, reference.at("Stride"));
    out.check("Padding", layer.padding, reference.at("Padding"));
  }
}

namespace {

Json tiles_in_rows(std::span<const TilePosition> tiles) {
  std::vector<std::pair<int, int>> sorted;
  for (const TilePosition& tile : tiles) sorted.emplace_back(tile.row, tile.column);
  std::sort(sorted.begin(), sorted.end());
  return Json(sorted);
}

void compare_mapped_layer(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                          std::size_t i, const Json& reference, CaseComparison& out) {
  const LayerMapping& mapped = ours.mapping.layers[i];
  const ComputeLayer& layer = ours.graph.layers[i];
  out.check("startid", mapped.first_tile, reference.at("startid"));
  out.check("tilenum", mapped.tile_count, reference.at("tilenum"));
  out.check("transLayer_distance", mapped.transfer_distance, reference.at("transLayer_distance"));
  out.check("inLayer_distance", mapped.in_layer_distance, reference.at("inLayer_distance"));
  if (layer.kind == ComputeKind::kAdd) return;
  out.check("mx", mapped.mx, reference.at("mx"));
  out.check("my", mapped.my, reference.at("my"));
  out.check("PEnum", mapped.pe_count, reference.at("PEnum"));
  out.check("max_PE", mapped.pes_per_tile, reference.at("max_PE"));
  out.check("max_row", mapped.rows, reference.at("max_row"));
  out.check("max_column", mapped.columns, reference.at("max_column"));
  out.check("max_group", mapped.bit_planes, reference.at("max_group"));
  const bool last = i + 1 == ours.graph.layers.size();
  out.check("is_branchout", mapped.leaves_tiles || last ? 1 : -1, reference.at("is_branchout"));
  out.check_equal("tiles_row_major", tiles_in_rows(ours.mapping.tiles_of(mapped)),
                  reference.at("tiles_row_major"));
  const Json& node = reference.at("aggregate_node");
  out.check("aggregate_node row", mapped.aggregate.row, node.at(0));
  out.check("aggregate_node column", mapped.aggregate.column, node.at(1));
  const int arrays = layer.kind == ComputeKind::kPool
                         ? 0
                         : mapped.pe_count * hardware.pe.groups * hardware.pe.polarity;
  out.check("physical_crossbars", arrays, reference.at("physical_crossbars"));
}

}  // namespace

void compare_mapping(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                     const Json& expected, CaseComparison& out) {
  const ChipMapping& mapping = ours.mapping;
  out.at("mapping");
  out.check("used_tile_num", mapping.used_tiles, expected.at("used_tile_num"));
  out.check("tile_total_num", hardware.chip.tile_rows * hardware.chip.tile_columns,
            expected.at("tile_total_num"));
  out.check("printed_total_crossbar_number", mapping.pe_count,
            expected.at("printed_total_crossbar_number"));
  out.check("max_inbuf_size_KB", mapping.input_buffer_kb, expected.at("max_inbuf_size_KB"));
  out.check("max_outbuf_size_KB", mapping.output_buffer_kb, expected.at("max_outbuf_size_KB"));
  out.check("global_buf_size_KB", mapping.global_buffer_kb, expected.at("global_buf_size_KB"));
  out.check("global_data_size_B", mapping.global_data_bytes, expected.at("global_data_size_B"));
  out.check("global_adder_num", mapping.global_adders, expected.at("global_adder_num"));
  out.check("global_adder_bitwidth", mapping.global_adder_bits,
            expected.at("global_adder_bitwidth"));
  for (std::size_t i = 0; i < mapping.layers.size(); ++i) {
    out.at("mapping", layer_place(i));
    compare_mapped_layer(ours, hardware, i, expected.at("layers").at(i), out);
  }
}

}  // namespace gibbon::sim
