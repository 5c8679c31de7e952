#pragma once

#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::sim {

/// Time of one read of a crossbar, ns: the device's and the wires' (a polynomial in the number of
/// cells). The same for 0T1R and 1T1R: wire and load parameters have no effect in MNSIM.
double crossbar_read_latency_ns(const hw::HardwareConfig& hardware);

/// What the read power of a crossbar is made of, W. [Q8]: an SRAM cell is treated as a resistor of
/// 1.6 Mohm and its read energy is unused; physically it would cost its bitline's charge instead.
struct CrossbarReadPower {
  double per_cell_w = 0;             ///< of a selected cell
  double per_unselected_cell_w = 0;  ///< 0T1R: of a cell on a selected row, unused column
  double whole_array_w = 0;          ///< hw::PowerDetail::kWholeArray
  hw::PowerDetail detail = hw::PowerDetail::kUsedCells;
  int columns = 0;

  /// Of one crossbar with `rows` x `used_columns` cells in use.
  double of(int rows, int used_columns) const;
};
CrossbarReadPower crossbar_read_power(const hw::HardwareConfig& hardware);

}  // namespace gibbon::sim
