#include "gibbon/sim/schedule/layer_timing.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/sim/circuits/buffer.hpp"
#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

constexpr std::size_t kFirst = static_cast<std::size_t>(PositionClass::kFirst);
constexpr std::size_t kLeft = static_cast<std::size_t>(PositionClass::kLeft);
constexpr std::size_t kTop = static_cast<std::size_t>(PositionClass::kTop);
constexpr std::size_t kInner = static_cast<std::size_t>(PositionClass::kInner);

/// Elements of a channel that enter the line buffer before a position, by class. Symmetric padding
/// counts as none here: its buffer takes no credit for the border.
std::array<std::int64_t, kPositionClasses> new_elements(const ComputeLayer& layer,
                                                        ScheduleMode mode) {
  const std::int64_t stride = layer.stride;
  const std::int64_t window = std::max(layer.kernel - layer.padding, 0);
  const std::int64_t width = layer.in_width;
  if (mode != ScheduleMode::kPipelined) {
    const std::int64_t first = width * std::max<std::int64_t>(window - 1, 0) + window;
    // max(k - p - 1, 0) rows are full before the first position's own elements.
    return {first, width * (stride - 1) + window, stride, stride};
  }
  const std::int64_t top =
      layer.kind == ComputeKind::kPool ? stride * stride : stride * layer.kernel;
  return {window * window, stride * window, top, stride * stride};
}

void time_line_buffer(const ComputeLayer& layer, std::int64_t channels, const ChipUnits& units,
                      ScheduleMode mode, LayerTiming& timing) {
  const int width = units.buffer_bitwidth;
  const auto elements = new_elements(layer, mode);
  const std::int64_t bits = channels * layer.input_bits;
  for (std::size_t i = 0; i < kPositionClasses; ++i) {
    timing.line_write_ns[i] = buffer_transfer_ns(elements[i] * bits, width);
  }
  const double whole = buffer_transfer_ns(layer.kernel * layer.kernel * bits, width);
  const double shifted = buffer_transfer_ns(layer.stride * layer.kernel * bits, width);
  timing.line_read_ns = {whole, whole, shifted, shifted};
}

/// [Q15]: MNSIM's turns over the rows count the DACs of all subarrays, those over the columns the
/// ADCs of a single one; physically both belong to the same subarrays. Its input slices have the
/// sign bit, which the accuracy path gives to every slice as the polarity of its voltage.
void count_turns(const ComputeLayer& layer, const LayerMapping& mapping, const ChipUnits& units,
                 bool corrected, LayerTiming& timing) {
  if (!corrected) {
    timing.row_turns =
        static_cast<double>(mapping.group_passes * ceil_div(mapping.rows, units.dacs));
    timing.column_turns = static_cast<double>(ceil_div(mapping.columns, units.adcs_per_subarray));
    timing.input_slices = static_cast<double>(ceil_div(layer.input_bits, units.dac_bits));
    return;
  }
  timing.row_turns = mapping.group_passes * row_turns_of(mapping.rows, units);
  timing.column_turns = static_cast<double>(
      ceil_div(static_cast<std::int64_t>(mapping.columns) * units.conversions_per_column,
               units.adcs_per_subarray));
  timing.input_slices = static_cast<double>(
      std::max<std::int64_t>(1, ceil_div(layer.input_bits - 1, units.dac_bits)));
}

void time_crossbars(const ComputeLayer& layer, const LayerMapping& mapping, const ChipUnits& units,
                    const Corrections& corrections, LayerTiming& timing) {
  count_turns(layer, mapping, units, corrections.converter_turns, timing);
  const double row_turns = timing.row_turns;
  const double column_turns = timing.column_turns;
  const double reads = timing.input_slices * row_turns * column_turns;
  timing.crossbar_ns = reads * units.crossbar_ns;
  timing.dac_ns = reads * units.dac_ns;
  timing.adc_ns = reads * units.adc_ns;
  timing.demux_ns = reads * units.demux_ns;
  timing.mux_ns = reads * units.mux_ns;
  timing.shift_register_ns = reads * units.clock_ns;
  timing.input_register_ns = (row_turns * column_turns + reads) * units.clock_ns;
  timing.output_register_ns = column_turns * units.clock_ns;
  timing.adder_ns = column_turns * ceil_log2(units.groups) * units.clock_ns;
}

void time_tile(const ComputeLayer& layer, const LayerMapping& mapping, const ChipUnits& units,
               LayerTiming& timing) {
  const int levels = ceil_log2(mapping.pes_per_tile);
  const int tile_levels = ceil_log2(units.pes_per_tile);
  const int columns = mapping.output_columns();
  timing.joint_module_ns = levels * units.clock_ns;
  timing.intra_tile_ns = (tile_levels * (units.adc_bits + levels) - levels * (levels + 1) / 2.0) *
                         columns / units.intra_tile_gbps;
  const std::int64_t words = static_cast<std::int64_t>(columns) * mapping.pes_per_tile;
  timing.buffer_write_ns =
      buffer_transfer_ns((units.adc_bits + levels) * words, units.buffer_bitwidth);
  timing.buffer_read_ns = buffer_transfer_ns(words * layer.output_bits, units.buffer_bitwidth);
  const double words_bits = static_cast<double>(words) * layer.output_bits;
  const double gather_ns =
      mapping.in_layer_distance * (units.clock_ns + words_bits / units.inter_tile_gbps);
  timing.merge_ns = timing.merge_has_read ? timing.buffer_read_ns + gather_ns : gather_ns;
}

double transfer_ns(const ComputeLayer& layer, const LayerMapping& mapping, const ChipUnits& units) {
  return mapping.transfer_distance * layer.out_channels * layer.output_bits / units.inter_tile_gbps;
}

/// [Q16]: reading the output buffer counts in the unit's own time and again as the merge.
void time_pool(const ComputeLayer& layer, const ChipUnits& units, LayerTiming& timing) {
  const std::int64_t window = static_cast<std::int64_t>(layer.kernel) * layer.kernel;
  timing.pooling_ns = static_cast<double>(100 * ceil_div(layer.in_channels, units.pooling_units) *
                                          ceil_div(window, units.pooling_size));
  const int width = units.buffer_bitwidth;
  const auto bits = [&](int channels) {
    return static_cast<std::int64_t>(channels) * layer.output_bits;
  };
  timing.buffer_write_ns = buffer_transfer_ns(bits(layer.in_channels), width);
  timing.buffer_read_ns = buffer_transfer_ns(bits(layer.out_channels), width);
  timing.merge_ns = timing.merge_has_read ? timing.buffer_read_ns : 0;
}

void time_add(const ComputeLayer& layer, const ChipUnits& units, LayerTiming& timing) {
  constexpr double kAddNs = 10;
  timing.adder_ns = kAddNs;
  const double moved = buffer_transfer_ns(
      static_cast<std::int64_t>(layer.operands) * layer.out_channels * layer.output_bits,
      units.buffer_bitwidth);
  timing.buffer_read_ns = moved;
  timing.buffer_write_ns = moved;
}

/// The second operand of a matrix product lies in the lanes' own memory: reading it takes no time
/// beside the computing, nor does writing it, token by token as it arrives.
void time_vector(const ComputeLayer& layer, const ChipUnits& units, LayerTiming& timing) {
  const auto moved = [&](int channels, int bits) {
    return buffer_transfer_ns(static_cast<std::int64_t>(channels) * bits, units.buffer_bitwidth);
  };
  timing.vector_ns = std::ceil(layer.vector.lane_cycles / units.vector_lanes) * units.clock_ns;
  timing.buffer_write_ns = moved(layer.in_channels, layer.input_bits);
  timing.buffer_read_ns = moved(layer.out_channels, layer.output_bits);
}

void play_role(const RoundRole& role, const ChipUnits& units, LayerTiming& timing) {
  timing.index_table_ns = role.index_table_ns;
  if (!role.fills) timing.line_write_ns.fill(0);
  if (role.accumulates) {
    timing.partial_read_ns = timing.buffer_write_ns;  // as many bits as it writes
    timing.accumulate_ns = units.clock_ns;
  }
  if (!role.finishes) timing.buffer_read_ns = timing.merge_ns = timing.transfer_ns = 0;
}

void sum_positions(const ComputeLayer& layer, LayerTiming& timing) {
  // merge_ns holds the read of a crossbar layer's output buffer; an add has no merge.
  double common = timing.crossbar_ns + timing.dac_ns + timing.adc_ns + timing.input_register_ns +
                  timing.shift_register_ns + timing.output_register_ns + timing.adder_ns +
                  timing.demux_ns + timing.mux_ns + timing.joint_module_ns + timing.intra_tile_ns +
                  timing.pooling_ns + timing.vector_ns + timing.buffer_write_ns + timing.merge_ns +
                  timing.transfer_ns;
  common += timing.partial_read_ns + timing.accumulate_ns + timing.index_table_ns;
  if (!timing.reads_in_merge_only(layer)) common += timing.buffer_read_ns;
  for (std::size_t i = 0; i < kPositionClasses; ++i) {
    timing.position_ns[i] = timing.line_write_ns[i] + timing.line_read_ns[i] + common;
  }
}

}  // namespace

std::array<double, kPositionClasses> count_positions(const ComputeLayer& layer) {
  const double rows = layer.out_height;
  const double columns = layer.out_width;
  return {1, rows - 1, columns - 1, (rows - 1) * (columns - 1)};
}

double row_turns_of(int rows, const ChipUnits& units) {
  return static_cast<double>(
      ceil_div(std::min(rows, units.rows_per_subarray), units.dacs_per_subarray));
}

bool LayerTiming::reads_in_merge_only(const ComputeLayer& layer) const {
  return merge_has_read && layer.is_weighted();
}

LayerTiming& LayerTiming::operator+=(const LayerTiming& next) {
  for (std::size_t i = 0; i < kPositionClasses; ++i) {
    position_ns[i] += next.position_ns[i];
    line_write_ns[i] += next.line_write_ns[i];
    line_read_ns[i] += next.line_read_ns[i];
  }
  constexpr double LayerTiming::*kTimes[] = {&LayerTiming::buffer_write_ns,
                                             &LayerTiming::buffer_read_ns,
                                             &LayerTiming::crossbar_ns,
                                             &LayerTiming::dac_ns,
                                             &LayerTiming::adc_ns,
                                             &LayerTiming::input_register_ns,
                                             &LayerTiming::output_register_ns,
                                             &LayerTiming::shift_register_ns,
                                             &LayerTiming::adder_ns,
                                             &LayerTiming::demux_ns,
                                             &LayerTiming::mux_ns,
                                             &LayerTiming::joint_module_ns,
                                             &LayerTiming::pooling_ns,
                                             &LayerTiming::vector_ns,
                                             &LayerTiming::intra_tile_ns,
                                             &LayerTiming::merge_ns,
                                             &LayerTiming::transfer_ns,
                                             &LayerTiming::partial_read_ns,
                                             &LayerTiming::accumulate_ns,
                                             &LayerTiming::index_table_ns};
  for (const auto time : kTimes) this->*time += next.*time;
  return *this;
}

ComponentValues LayerTiming::busy(const ComputeLayer& layer) const {
  const auto counts = count_positions(layer);
  const double positions = layer.positions();
  ComponentValues busy;
  busy[Component::kCrossbar] = positions * crossbar_ns;
  busy[Component::kAdc] = positions * adc_ns;
  busy[Component::kDac] = positions * dac_ns;
  busy[Component::kAdder] = positions * adder_ns;
  busy[Component::kShiftRegister] = positions * shift_register_ns;
  busy[Component::kInputRegister] = positions * input_register_ns;
  busy[Component::kOutputRegister] = positions * output_register_ns;
  busy[Component::kDemux] = positions * demux_ns;
  busy[Component::kMux] = positions * mux_ns;
  busy[Component::kJointModule] = positions * joint_module_ns;
  busy[Component::kBufferRead] = positions * (buffer_read_ns + partial_read_ns);
  busy[Component::kBufferWrite] = positions * buffer_write_ns;
  for (std::size_t i = 0; i < kPositionClasses; ++i) {
    busy[Component::kBufferRead] += counts[i] * line_read_ns[i];
    busy[Component::kBufferWrite] += counts[i] * line_write_ns[i];
  }
  busy[Component::kPooling] = positions * pooling_ns;
  busy[Component::kVectorUnit] = positions * vector_ns;
  busy[Component::kIntraTile] = positions * intra_tile_ns;
  busy[Component::kInterTile] = positions * (merge_ns + transfer_ns);
  return busy;
}

LayerTiming time_layer(const ComputeLayer& layer, const LayerMapping& mapping,
                       const ChipUnits& units, ScheduleMode mode, const Corrections& corrections,
                       const RoundRole& role) {
  LayerTiming timing;
  timing.merge_has_read = !corrections.single_reads;
  switch (layer.kind) {
    case ComputeKind::kConv:
      time_line_buffer(layer, mapping.channels_per_pe, units, mode, timing);
      break;
    case ComputeKind::kLinear: {
      const std::int64_t bits = static_cast<std::int64_t>(mapping.rows) * layer.input_bits;
      timing.line_write_ns.fill(buffer_transfer_ns(bits, units.buffer_bitwidth));
      timing.line_read_ns = timing.line_write_ns;
      break;
    }
    case ComputeKind::kPool:
      time_line_buffer(layer, layer.in_channels, units, mode, timing);
      time_pool(layer, units, timing);
      break;
    case ComputeKind::kAdd:
      time_add(layer, units, timing);
      break;
    case ComputeKind::kVector:
      time_vector(layer, units, timing);
      break;
  }
  if (layer.is_weighted()) {
    time_crossbars(layer, mapping, units, corrections, timing);
    time_tile(layer, mapping, units, timing);
  }
  timing.transfer_ns = transfer_ns(layer, mapping, units);
  play_role(role, units, timing);
  sum_positions(layer, timing);
  return timing;
}

}  // namespace gibbon::sim
