#include "gibbon/sim/simulators/layer_parts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

constexpr std::string_view kDeviceSource = "device, V^2/R";
constexpr std::string_view kAdcSource = "adc.power_w";
constexpr std::string_view kDacSource = "dac.power_w";
constexpr std::string_view kMuxSource = "12 nW/transistor";
constexpr std::string_view kSramSource = "SRAM tables";
constexpr std::string_view kWireSource = "0.2 pF/mm, 1 V";
constexpr std::string_view kPoolSource = "digital tables";
constexpr std::string_view kDigitalSource = "digital tables";

double ceil_ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(ceil_div(a, b));
}

/// Conversions of one column while `rows` wordlines are read: one for each subarray and turn.
double conversions_of(int rows, const ChipUnits& units) {
  const int whole = rows / units.rows_per_subarray;
  const int rest = rows % units.rows_per_subarray;
  return whole * ceil_ratio(units.rows_per_subarray, units.dacs_per_subarray) +
         ceil_ratio(rest, units.dacs_per_subarray);
}

double column_turns_of(std::int64_t columns, const ChipUnits& units) {
  return ceil_ratio(columns * units.conversions_per_column, units.adcs_per_subarray);
}

double edge_mm(double area_um2) {
  return std::sqrt(area_um2) * 1e-3;
}

double line_time(const ComputeLayer& layer, const std::array<double, kPositionClasses>& times) {
  const auto counts = count_positions(layer);
  double total = 0;
  for (std::size_t i = 0; i < kPositionClasses; ++i) total += counts[i] * times[i];
  return total;
}

void add_cells(const LayerView& view, const CrossbarWork& work, double turns, LayerParts& parts) {
  const CrossbarReadPower& power = view.units.crossbar_power;
  const double busy = view.busy_ns[Component::kCrossbar];
  if (power.detail == hw::PowerDetail::kWholeArray) {
    const double share = power.whole_array_w / view.units.demux_ratio / view.units.mux_ratio;
    parts.add(
        {Component::kCrossbar, "arrays", work.array_reads / turns, share, busy, kDeviceSource});
    return;
  }
  parts.add({Component::kCrossbar, "cells", work.selected_cells / turns, power.per_cell_w, busy,
             kDeviceSource});
  parts.add({Component::kCrossbar, "unselected", 0.25 * work.unselected_cells / turns,
             power.per_unselected_cell_w, busy, kDeviceSource});
}

void add_converters(const LayerView& view, const CrossbarWork& work, double turns,
                    LayerParts& parts) {
  const ChipUnits& units = view.units;
  const ComponentValues& busy = view.busy_ns;
  const auto add = [&](Component component, std::string_view what, double count, const Unit& unit,
                       std::string_view source) {
    parts.add({component, what, count, unit.power_w, busy[component], source});
  };
  const double dacs = work.dac_conversions / turns;
  const double adcs = work.adc_conversions / turns;
  add(Component::kDac, "DACs", dacs, units.dac, kDacSource);
  add(Component::kDemux, "demuxes", dacs, units.demux, kMuxSource);
  add(Component::kInputRegister, "registers", dacs, units.reg, kDigitalSource);
  add(Component::kAdc, "ADCs", adcs, units.adc, kAdcSource);
  add(Component::kMux, "muxes", adcs, units.mux, kMuxSource);
  add(Component::kShiftRegister, "registers", adcs, units.shift_register, kDigitalSource);
}

/// Registers and adders work once a turn over the columns, a tree of adders one level a cycle.
void add_digital(const LayerView& view, const CrossbarWork& work, LayerParts& parts) {
  const ChipUnits& units = view.units;
  const LayerMapping& mapping = view.mapping;
  const double turns = view.timing.column_turns;
  parts.add({Component::kOutputRegister, "registers", work.plane_outputs / turns, units.reg.power_w,
             view.busy_ns[Component::kOutputRegister], kDigitalSource});
  const int plane_levels = ceil_log2(units.groups);
  if (plane_levels > 0) {
    parts.add({Component::kAdder, "adders", work.plane_sums / turns / plane_levels,
               units.adder.power_w, view.busy_ns[Component::kAdder], kDigitalSource});
  }
  const int tile_levels = ceil_log2(mapping.pes_per_tile);
  if (tile_levels > 0) {
    const double joined = static_cast<double>(mapping.pe_count - mapping.tile_count);
    parts.add({Component::kJointModule, "modules",
               work.outputs * joined / mapping.pe_count / tile_levels, units.joint_module.power_w,
               view.busy_ns[Component::kJointModule], kDigitalSource});
  }
}

void add_buffers(const LayerView& view, LayerParts& parts) {
  const ComputeLayer& layer = view.layer;
  const double positions = layer.positions();
  const double pes = view.mapping.pe_count;
  const double tiles = view.mapping.tile_count;
  const Buffer& pe = view.buffers.pe_input;
  const Buffer& tile = view.buffers.tile_output;
  const LayerTiming& timing = view.timing;
  parts.add({Component::kBufferRead, "PE buffers", pes, pe.read_power_w,
             line_time(layer, timing.line_read_ns), kSramSource});
  parts.add({Component::kBufferRead, "tile buffers", tiles, tile.read_power_w,
             positions * (timing.buffer_read_ns + timing.partial_read_ns), kSramSource});
  parts.add({Component::kBufferWrite, "PE buffers", pes, pe.write_power_w,
             line_time(layer, timing.line_write_ns), kSramSource});
  parts.add({Component::kBufferWrite, "tile buffers", tiles, tile.write_power_w,
             positions * timing.buffer_write_ns, kSramSource});
}

void add_exact(const LayerView& view, LayerParts& parts) {
  const CrossbarWork work = crossbar_work(view.layer, view.mapping, view.units);
  const double turns = view.timing.row_turns * view.timing.column_turns;
  add_cells(view, work, turns, parts);
  add_converters(view, work, turns, parts);
  add_digital(view, work, parts);
  add_buffers(view, parts);
}

void add_accumulator(const LayerView& view, LayerParts& parts) {
  const Accumulator own = accumulator_of(view.layer, view.hardware);
  const ComponentValues& busy = view.busy_ns;
  parts.add({Component::kAdder, "adders", own.adders, own.adder.power_w, busy[Component::kAdder],
             kDigitalSource});
  parts.add({Component::kBufferRead, "bank", 1, own.bank.read_power_w, busy[Component::kBufferRead],
             kSramSource});
  parts.add({Component::kBufferWrite, "bank", 1, own.bank.write_power_w,
             busy[Component::kBufferWrite], kSramSource});
}

/// Hops from every tile of a layer to the one where its outputs meet.
double gather_hops(const LayerView& view) {
  int hops = 0;
  for (const TilePosition& tile : view.chip.tiles_of(view.mapping)) {
    hops += std::abs(tile.row - view.mapping.aggregate.row) +
            std::abs(tile.column - view.mapping.aggregate.column);
  }
  return hops;
}

/// A hop is a tile's edge, a way within the tile a PE's. A link works at its bandwidth.
void add_links(const LayerView& view, LayerParts& parts) {
  const ComputeLayer& layer = view.layer;
  const LayerMapping& mapping = view.mapping;
  const ChipUnits& units = view.units;
  const double positions = layer.positions();
  const double area = view.tile_area_um2.sum();
  const double hop_w = units.inter_tile_gbps * kWireNjPerBitMm * edge_mm(area);
  if (layer.is_weighted()) {
    const double full_tiles = static_cast<double>(mapping.pe_count) / mapping.pes_per_tile;
    const double pe_hop_w =
        units.intra_tile_gbps * kWireNjPerBitMm * edge_mm(area / units.pes_per_tile);
    parts.add({Component::kIntraTile, "tiles", full_tiles, pe_hop_w,
               view.busy_ns[Component::kIntraTile], kWireSource});
    // An epitome's round with partial sums moves nothing between tiles.
    if (view.busy_ns[Component::kInterTile] == 0) return;
    const double bits =
        static_cast<double>(mapping.output_columns()) * mapping.pes_per_tile * layer.output_bits;
    parts.add({Component::kInterTile, "hops, gather",
               gather_hops(view) * full_tiles / mapping.tile_count, hop_w,
               positions * bits / units.inter_tile_gbps, kWireSource});
  }
  const double bits = static_cast<double>(layer.out_channels) * layer.output_bits;
  parts.add({Component::kInterTile, "hops, onward", mapping.transfer_distance, hop_w,
             positions * bits / units.inter_tile_gbps, kWireSource});
}

struct UnitOf {
  Component component;
  std::string_view what;
  double unit_w;
  std::string_view source;
};

}  // namespace

CrossbarWork crossbar_work(const ComputeLayer& layer, const LayerMapping& mapping,
                           const ChipUnits& units) {
  const int group_rows = layer.in_channels / layer.groups * layer.kernel * layer.kernel;
  const int outputs = layer.out_channels / layer.groups * mapping.column_slices;
  const double row_blocks = ceil_ratio(group_rows, mapping.rows);
  const int last_rows = group_rows - static_cast<int>(row_blocks - 1) * mapping.rows;
  const double column_blocks = ceil_ratio(outputs, mapping.columns);
  const int last_columns = outputs - static_cast<int>(column_blocks - 1) * mapping.columns;
  const double column_turns = (column_blocks - 1) * column_turns_of(mapping.columns, units) +
                              column_turns_of(last_columns, units);
  const double row_conversions =
      (row_blocks - 1) * conversions_of(mapping.rows, units) + conversions_of(last_rows, units);
  const double row_turns =
      (row_blocks - 1) * row_turns_of(mapping.rows, units) + row_turns_of(last_rows, units);

  const double planes = static_cast<double>(mapping.weight_planes) * layer.groups;
  const double plane_blocks = ceil_ratio(mapping.weight_planes, units.groups) * layer.groups;
  CrossbarWork work;
  work.dac_conversions = planes * group_rows * column_turns;
  work.adc_conversions = planes * row_conversions * outputs * units.conversions_per_column;
  work.selected_cells = planes * units.polarity * group_rows * outputs;
  work.unselected_cells = planes * units.polarity * group_rows *
                          (units.crossbar_power.columns * column_turns - outputs);
  work.array_reads = planes * units.polarity * row_turns * column_turns;
  work.outputs = plane_blocks * row_blocks * outputs;
  work.plane_outputs = planes * row_blocks * outputs;
  work.plane_sums = work.plane_outputs - work.outputs;
  return work;
}

Accumulator accumulator_of(const ComputeLayer& add, const hw::HardwareConfig& hardware) {
  constexpr int kWidestSmallWord = 256;  // the tables hold no memory of 2 KB with wider words
  constexpr double kSmallestWideKb = 4;
  double size_kb = next_power_of_two(accumulator_data_bytes(add)) / 1024;
  if (hardware.chip.buffer_bitwidth > kWidestSmallWord) {
    size_kb = std::max(size_kb, kSmallestWideKb);
  }
  Accumulator own;
  own.bank = *buffer_of(hardware.chip, size_kb);
  own.adder = adder_unit(hardware.digital, std::max(8, add.output_bits));
  own.adders = static_cast<double>(add.out_channels) * (add.operands - 1);
  return own;
}

bool counted_exactly(const LayerView& view) {
  return view.corrections.active_units_only && view.layer.is_weighted();
}

LayerParts corrected_parts(const LayerView& view) {
  LayerParts parts;
  if (counted_exactly(view)) add_exact(view, parts);
  if (view.corrections.accumulator && view.layer.kind == ComputeKind::kAdd) {
    add_accumulator(view, parts);
  }
  if (view.corrections.link_energy) add_links(view, parts);
  return parts;
}

LayerParts mnsim_parts(const LayerView& view, const ComponentValues& power_w) {
  const ChipUnits& units = view.units;
  const CrossbarReadPower& cells = units.crossbar_power;
  const bool whole = cells.detail == hw::PowerDetail::kWholeArray;
  const UnitOf of[] = {
      {Component::kCrossbar, whole ? "arrays" : "cells",
       whole ? cells.whole_array_w : cells.per_cell_w, kDeviceSource},
      {Component::kAdc, "ADCs", units.adc.power_w, kAdcSource},
      {Component::kDac, "DACs", units.dac.power_w, kDacSource},
      {Component::kAdder, "adders", units.adder.power_w, kDigitalSource},
      {Component::kShiftRegister, "registers", units.shift_register.power_w, kDigitalSource},
      {Component::kInputRegister, "registers", units.reg.power_w, kDigitalSource},
      {Component::kOutputRegister, "registers", units.reg.power_w, kDigitalSource},
      {Component::kDemux, "demuxes", units.demux.power_w, kMuxSource},
      {Component::kMux, "muxes", units.mux.power_w, kMuxSource},
      {Component::kJointModule, "modules", units.joint_module.power_w, kDigitalSource},
      {Component::kPooling, "units", units.pooling.power_w, kPoolSource}};
  LayerParts parts;
  for (const UnitOf& unit : of) {
    if (unit.unit_w == 0) continue;
    parts.add({unit.component, unit.what, power_w[unit.component] / unit.unit_w, unit.unit_w,
               view.busy_ns[unit.component], unit.source});
  }
  if (view.layer.is_beside_tiles()) return parts;
  const double tiles = view.mapping.tile_count;
  const double pes = view.layer.is_weighted() ? view.mapping.pes_per_tile * tiles : 0;
  const Buffer& pe = view.buffers.pe_input;
  const Buffer& tile = view.buffers.tile_output;
  const double reads = view.busy_ns[Component::kBufferRead];
  const double writes = view.busy_ns[Component::kBufferWrite];
  parts.add({Component::kBufferRead, "PE buffers", pes, pe.read_power_w, reads, kSramSource});
  parts.add({Component::kBufferRead, "tile buffers", tiles, tile.read_power_w, reads, kSramSource});
  parts.add({Component::kBufferWrite, "PE buffers", pes, pe.write_power_w, writes, kSramSource});
  parts.add(
      {Component::kBufferWrite, "tile buffers", tiles, tile.write_power_w, writes, kSramSource});
  return parts;
}

}  // namespace gibbon::sim
