#include "gibbon/sim/circuits/chip_units.hpp"

#include "gibbon/hw/component_area.hpp"
#include "gibbon/hw/component_library.hpp"
#include "gibbon/sim/circuits/converters.hpp"
#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

constexpr int kPeAdderBits = 8;

/// Adders that sum the bit planes of a PE in a tree, an odd one left over at each level.
int plane_adders(int groups, int subarrays) {
  int adders = 0;
  for (int open = groups; open / 2 >= 1; open = open / 2 + open % 2) adders += open / 2 * subarrays;
  return adders;
}

/// Modules that join the PEs of a tile. MNSIM rounds up at every level but carries the rounded-down
/// number on (6 PEs need 5, 7 need 6).
int joint_modules(int pes) {
  int modules = 0;
  for (int open = pes; open / 2 >= 1; open /= 2) modules += open / 2 + open % 2;
  return modules;
}

void count_units(const hw::HardwareConfig& hardware, ChipUnits& units) {
  const auto& pe = hardware.pe;
  const auto& crossbar = hardware.crossbar;
  units.subarrays = crossbar.rows / crossbar.subarray_rows;
  units.polarity = pe.polarity;
  units.groups = pe.groups;
  units.pes_per_tile = hardware.tile.pe_count();
  units.adcs_per_subarray = pe.adcs_per_subarray;
  units.adcs = pe.adcs_per_subarray * units.subarrays;
  units.dacs = pe.dacs_per_subarray * units.subarrays;
  units.dacs_per_subarray = pe.dacs_per_subarray;
  units.rows_per_subarray = crossbar.subarray_rows;
  units.conversions_per_column = (pe.polarity == 2 ? pe.sub_position : 0) + 1;
  units.demux_ratio = static_cast<int>(ceil_div(crossbar.subarray_rows, pe.dacs_per_subarray));
  units.mux_ratio = static_cast<int>(
      ceil_div(crossbar.columns * units.conversions_per_column, pe.adcs_per_subarray));
  units.pe_adders = plane_adders(pe.groups, units.subarrays);
  units.joint_modules = pe.groups * units.adcs * joint_modules(units.pes_per_tile);
  units.adc_bits = hardware.adc.bits;
  units.dac_bits = hardware.dac.bits;
  units.buffer_bitwidth = hardware.chip.buffer_bitwidth;
  units.vector_lanes = hardware.vector_unit.lanes;
  units.adc_power_factor = pe.pim_type == hw::PimType::kDigital ? units.subarrays : 1;
}

void time_units(const hw::HardwareConfig& hardware, const Corrections& corrections,
                ChipUnits& units) {
  const auto& pe = hardware.pe;
  units.clock_ns = 1000 / hardware.digital.frequency_mhz;
  units.crossbar_ns = crossbar_read_latency_ns(hardware);
  units.dac_ns = dac_latency_ns(hardware.dac);
  units.adc_ns = adc_latency_ns(hardware.adc);
  units.demux_ns = demux_latency_ns(units.demux_ratio);
  // MNSIM's ways of the latency leave out the factor of sub_position that the mux itself has.
  units.mux_ns = mux_latency_ns(
      corrections.converter_turns
          ? units.mux_ratio
          : static_cast<int>(ceil_div(hardware.crossbar.columns, pe.adcs_per_subarray)));
  units.inter_tile_gbps = hardware.tile.inter_tile_bandwidth_gbps;
  units.intra_tile_gbps = hardware.tile.intra_tile_bandwidth_gbps;
  units.pooling_units = hardware.tile.pooling_units;
  units.pooling_size = hardware.tile.pooling_size;
}

/// [Q9]: the power of MNSIM's 8-bit DAC is a thousand times what its series gives.
double dac_power_w(const hw::Dac& dac, const Corrections& corrections) {
  constexpr int kChoice = 6;
  const bool preset = dac.choice == kChoice && dac.power_w == hw::dac_preset(kChoice).power_w;
  return corrections.unit_powers && preset ? dac.power_w / 1000 : dac.power_w;
}

void cost_units(const hw::HardwareConfig& hardware, const Corrections& corrections,
                ChipUnits& units) {
  const double transistor_nm = hardware.crossbar.transistor_technology_nm;
  units.crossbar_area_um2 =
      hw::crossbar_area_um2(hardware.device, hardware.crossbar, hardware.pe.pim_type);
  units.crossbar_power = crossbar_read_power(hardware);
  units.adc = {hw::adc_area_um2(hardware.adc, hardware.pe.logic_op), hardware.adc.power_w};
  units.dac = {hardware.dac.area_um2, dac_power_w(hardware.dac, corrections)};
  units.adder = adder_unit(hardware.digital, kPeAdderBits);
  units.shift_register = shift_register_unit(hardware.digital);
  units.reg = register_unit(hardware.digital);
  units.demux = mux_unit(units.demux_ratio, transistor_nm);
  units.mux = mux_unit(units.mux_ratio, transistor_nm);
  units.joint_module = joint_module_unit(hardware.digital);
  units.pooling =
      corrections.unit_powers ? pooling_unit_of_window(hardware.tile) : pooling_unit(hardware.tile);
}

}  // namespace

ChipUnits chip_units(const hw::HardwareConfig& hardware, const Corrections& corrections) {
  ChipUnits units;
  count_units(hardware, units);
  time_units(hardware, corrections, units);
  cost_units(hardware, corrections, units);
  return units;
}

}  // namespace gibbon::sim
