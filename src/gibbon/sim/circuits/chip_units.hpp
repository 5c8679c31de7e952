#pragma once

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/circuits/crossbar_array.hpp"
#include "gibbon/sim/circuits/digital_units.hpp"
#include "gibbon/sim/corrections.hpp"

namespace gibbon::sim {

/// Everything about a chip that does not depend on the network: the numbers of units in a PE, and
/// what each costs. Times in ns, areas in um^2, powers in W.
struct ChipUnits {
  // Numbers.
  int subarrays = 1;  ///< of a crossbar
  int polarity = 2;   ///< crossbars a bit plane
  int groups = 1;     ///< bit planes a PE
  int pes_per_tile = 4;
  int adcs_per_subarray = 1;
  int adcs = 1;  ///< of a bit plane, all subarrays
  int dacs = 1;
  int dacs_per_subarray = 1;
  int rows_per_subarray = 1;
  int conversions_per_column = 1;  ///< 2 where the polarities are subtracted after the ADC
  int demux_ratio = 1;             ///< wordlines of a subarray a DAC
  int mux_ratio = 1;               ///< bitlines an ADC
  int pe_adders = 0;               ///< adders between bit planes, of each ADC
  int joint_modules = 0;           ///< of a tile, each ADC's
  int adc_bits = 1, dac_bits = 1;
  int buffer_bitwidth = 64;
  int vector_lanes = 256;
  double adc_power_factor = 1;  ///< a digital PIM senses all its subarrays at once

  // Times.
  double clock_ns = 2;
  double crossbar_ns = 0, dac_ns = 0, adc_ns = 0, demux_ns = 0, mux_ns = 0;
  double inter_tile_gbps = 20, intra_tile_gbps = 1024;
  int pooling_units = 64, pooling_size = 9;

  // Costs of one unit.
  double crossbar_area_um2 = 0;
  CrossbarReadPower crossbar_power;
  Unit adc, dac, adder, shift_register, reg, demux, mux, joint_module, pooling;
};

ChipUnits chip_units(const hw::HardwareConfig& hardware, const Corrections& corrections = {});

}  // namespace gibbon::sim
