#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/hw/component_library.hpp"
#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::hw {
namespace {

template <typename T>
[[noreturn]] void refuse(std::string_view key, const T& value, std::string_view allowed) {
  throw base::Error(fmt::format("hardware: '{}' is {}, allowed is {}", key, value, allowed));
}

void require_positive(std::string_view key, double value) {
  if (!(value > 0) || !std::isfinite(value)) refuse(key, value, "a number above 0");
}

void require_not_negative(std::string_view key, double value) {
  if (!(value >= 0) || !std::isfinite(value)) refuse(key, value, "a number of 0 or more");
}

void require_between(std::string_view key, int value, int low, int high) {
  if (value < low || value > high) refuse(key, value, fmt::format("{} to {}", low, high));
}

void require_percent(std::string_view key, double value) {
  if (!(value >= 0 && value <= 100)) refuse(key, value, "0 to 100");
}

constexpr int kLargest = 1 << 16;

void validate_device(const Device& device) {
  require_positive("device.technology_nm", device.technology_nm);
  require_positive("device.area_um2", device.area_um2);
  require_not_negative("device.read_latency_ns", device.read_latency_ns);
  require_between("device.levels", device.levels, 2, 256);
  require_not_negative("device.variation_percent", device.variation_percent);
  require_percent("device.stuck_at_high_percent", device.stuck_at_high_percent);
  require_percent("device.stuck_at_low_percent", device.stuck_at_low_percent);
  require_percent("device.stuck_at_high_percent + device.stuck_at_low_percent",
                  device.stuck_at_high_percent + device.stuck_at_low_percent);
  if (device.read_voltage_v.empty()) {
    refuse("device.read_voltage_v", "[]", "a list of at least one voltage");
  }
  for (const double voltage : device.read_voltage_v) {
    require_not_negative("device.read_voltage_v", voltage);
  }
  const auto& resistance = device.resistance_ohm;
  if (resistance.size() != static_cast<std::size_t>(device.levels)) {
    refuse("device.resistance_ohm", fmt::format("[{}]", fmt::join(resistance, ", ")),
           fmt::format("one resistance for each of the {} levels", device.levels));
  }
  for (const double ohm : resistance) require_positive("device.resistance_ohm", ohm);
  if (!std::is_sorted(resistance.rbegin(), resistance.rend())) {
    refuse("device.resistance_ohm", fmt::format("[{}]", fmt::join(resistance, ", ")),
           "the highest resistance first");
  }
}

void validate_crossbar(const Crossbar& crossbar) {
  require_between("crossbar.rows", crossbar.rows, 1, kLargest);
  require_between("crossbar.columns", crossbar.columns, 1, kLargest);
  require_between("crossbar.subarray_rows", crossbar.subarray_rows, 1, crossbar.rows);
  if (crossbar.rows % crossbar.subarray_rows != 0) {
    refuse("crossbar.subarray_rows", crossbar.subarray_rows,
           fmt::format("a divisor of crossbar.rows ({})", crossbar.rows));
  }
  require_positive("crossbar.transistor_technology_nm", crossbar.transistor_technology_nm);
}

bool same_figures(const Dac& a, const Dac& b) {
  return a.bits == b.bits && a.area_um2 == b.area_um2 && a.power_w == b.power_w &&
         a.sample_rate_gsps == b.sample_rate_gsps;
}

// accuracy_bits may differ: a digital PIM's sense amplifiers replace the ADC in the hardware
// figures only.
bool same_figures(const Adc& a, const Adc& b) {
  return a.bits == b.bits && a.area_um2 == b.area_um2 && a.power_w == b.power_w &&
         a.sample_rate_gsps == b.sample_rate_gsps;
}

template <typename Converter>
void validate_converter(const std::string& section, const Converter& converter, int presets,
                        Converter (*preset)(int)) {
  if (converter.choice != -1 && (converter.choice < 1 || converter.choice > presets)) {
    refuse(section + ".choice", converter.choice,
           fmt::format("1 to {}, or -1 for a converter of your own", presets));
  }
  require_between(section + ".bits", converter.bits, 1, 16);
  require_not_negative(section + ".area_um2", converter.area_um2);
  require_not_negative(section + ".power_w", converter.power_w);
  require_positive(section + ".sample_rate_gsps", converter.sample_rate_gsps);
  if (converter.choice != -1 && !same_figures(converter, preset(converter.choice))) {
    throw base::Error(fmt::format(
        "hardware: '{}' has choice {} but other figures than that preset; set '{}.choice' to -1 "
        "for a converter of your own",
        section, converter.choice, section));
  }
}

/// Of a size that the mapping decides nothing may be said: it would count for nothing.
void validate_buffer(const std::string& buffer, double kb, bool from_mapping) {
  if (!from_mapping) return require_positive(buffer + "_kb", kb);
  if (kb == 0) return;
  throw base::Error(fmt::format(
      "hardware: '{0}_kb' is {1}, and '{0}_from_mapping' is true, by which the mapping decides the "
      "size; set it to false for a size of your own",
      buffer, kb));
}

void validate_pe(const ProcessingElement& pe, const Crossbar& crossbar) {
  require_between("pe.polarity", pe.polarity, 1, 2);
  require_between("pe.sub_position", pe.sub_position, 0, 1);
  require_between("pe.groups", pe.groups, 1, 64);
  require_between("pe.dacs_per_subarray", pe.dacs_per_subarray, 1, kLargest);
  require_between("pe.adcs_per_subarray", pe.adcs_per_subarray, 1, crossbar.columns);
  require_between("pe.logic_op", pe.logic_op, -1, 2);
  validate_buffer("pe.input_buffer", pe.input_buffer_kb, pe.input_buffer_from_mapping);
}

void validate_override(const std::string& section, const UnitOverride& unit) {
  if (unit.area_um2) require_not_negative(section + ".area_um2", *unit.area_um2);
  if (unit.power_w) require_not_negative(section + ".power_w", *unit.power_w);
}

void validate_digital(const DigitalModules& digital) {
  require_positive("digital.frequency_mhz", digital.frequency_mhz);
  require_positive("digital.adder_technology_nm", digital.adder_technology_nm);
  require_positive("digital.shift_register_technology_nm", digital.shift_register_technology_nm);
  require_positive("digital.register_technology_nm", digital.register_technology_nm);
  require_positive("digital.joint_module_technology_nm", digital.joint_module_technology_nm);
  validate_override("digital.adder", digital.adder);
  validate_override("digital.shift_register", digital.shift_register);
  validate_override("digital.register", digital.reg);
  validate_override("digital.joint_module", digital.joint_module);
}

void validate_tile(const Tile& tile) {
  require_between("tile.pe_rows", tile.pe_rows, 1, 1024);
  require_between("tile.pe_columns", tile.pe_columns, 1, 1024);
  require_between("tile.pooling_size", tile.pooling_size, 1, kLargest);
  require_between("tile.pooling_units", tile.pooling_units, 1, kLargest);
  require_positive("tile.pooling_technology_nm", tile.pooling_technology_nm);
  require_positive("tile.inter_tile_bandwidth_gbps", tile.inter_tile_bandwidth_gbps);
  require_positive("tile.intra_tile_bandwidth_gbps", tile.intra_tile_bandwidth_gbps);
  validate_buffer("tile.output_buffer", tile.output_buffer_kb, tile.output_buffer_from_mapping);
}

void validate_chip(const Chip& chip) {
  require_between("chip.tile_rows", chip.tile_rows, 1, 4096);
  require_between("chip.tile_columns", chip.tile_columns, 1, 4096);
  if (chip.placement == TilePlacement::kSquares && chip.tile_rows != chip.tile_columns) {
    refuse("chip.placement", "squares",
           fmt::format("row_by_row, snake or zigzag on a grid of {} x {} tiles (squares need as "
                       "many rows as columns)",
                       chip.tile_rows, chip.tile_columns));
  }
  require_positive("chip.buffer_technology_nm", chip.buffer_technology_nm);
  require_between("chip.buffer_bitwidth", chip.buffer_bitwidth, 1, kLargest);
}

/// Nodes whose gates and SRAM the digital models know.
void require_node(std::string_view key, double technology_nm) {
  constexpr std::array<double, 6> kNodes = {45, 28, 22, 16, 7, 5};
  if (std::find(kNodes.begin(), kNodes.end(), technology_nm) == kNodes.end()) {
    refuse(key, technology_nm, fmt::format("one of {}", fmt::join(kNodes, ", ")));
  }
}

void validate_vector_unit(const VectorUnit& unit) {
  require_between("vector_unit.lanes", unit.lanes, 1, kLargest);
  require_node("vector_unit.technology_nm", unit.technology_nm);
  require_positive("vector_unit.voltage_v", unit.voltage_v);
}

void validate_digital_cim(const DigitalCim& cim) {
  require_node("digital_cim.technology_nm", cim.technology_nm);
  require_positive("digital_cim.voltage_v", cim.voltage_v);
  require_positive("digital_cim.frequency_mhz", cim.frequency_mhz);
  require_between("digital_cim.pe.count", cim.pe.count, 1, kLargest);
  require_between("digital_cim.pe.rows", cim.pe.rows, 1, kLargest);
  require_between("digital_cim.pe.columns", cim.pe.columns, 1, kLargest);
  require_between("digital_cim.pe.cells_per_column", cim.pe.cells_per_column, 1, 1024);
  require_between("digital_cim.pe.weight_bits", cim.pe.weight_bits, 1, 16);
  require_between("digital_cim.pe.input_bits_per_cycle", cim.pe.input_bits_per_cycle, 1, 16);
  require_positive("digital_cim.pe.buffer_kb", cim.pe.buffer_kb);
  require_positive("digital_cim.pe.buffer_bytes_per_cycle", cim.pe.buffer_bytes_per_cycle);
  require_positive("digital_cim.shared_memory.size_kb", cim.shared_memory.size_kb);
  require_positive("digital_cim.shared_memory.bytes_per_cycle", cim.shared_memory.bytes_per_cycle);
  require_positive("digital_cim.dram.gb_per_s", cim.dram.gb_per_s);
  require_not_negative("digital_cim.dram.pj_per_bit", cim.dram.pj_per_bit);
  require_between("digital_cim.vector.lanes", cim.vector.lanes, 1, kLargest);
}

}  // namespace

void validate(const HardwareConfig& config) {
  validate_device(config.device);
  validate_crossbar(config.crossbar);
  validate_converter<Dac>("dac", config.dac, 7, dac_preset);
  validate_converter<Adc>("adc", config.adc, 9, adc_preset);
  require_between("adc.accuracy_bits", config.adc.accuracy_bits, 1, 16);
  validate_pe(config.pe, config.crossbar);
  validate_digital(config.digital);
  validate_tile(config.tile);
  validate_chip(config.chip);
  validate_vector_unit(config.vector_unit);
  if (config.digital_cim) validate_digital_cim(*config.digital_cim);
}

}  // namespace gibbon::hw
