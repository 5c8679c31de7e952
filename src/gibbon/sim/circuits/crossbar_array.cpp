#include "gibbon/sim/circuits/crossbar_array.hpp"

#include <cmath>

namespace gibbon::sim {

double crossbar_read_latency_ns(const hw::HardwareConfig& hardware) {
  const double size =
      static_cast<double>(hardware.crossbar.rows) * hardware.crossbar.columns / 8192;
  const double wire_ps = 0.0002 * size * size + 5e-6 * size + 4e-14;
  return hardware.device.read_latency_ns + 0.001 * wire_ps;
}

double CrossbarReadPower::of(int rows, int used_columns) const {
  if (detail == hw::PowerDetail::kWholeArray) return whole_array_w;
  const double selected = static_cast<double>(rows) * used_columns * per_cell_w;
  return selected + 0.25 * rows * (columns - used_columns) * per_unselected_cell_w;
}

CrossbarReadPower crossbar_read_power(const hw::HardwareConfig& hardware) {
  const auto& device = hardware.device;
  constexpr double kSramOhm = 1.6e6;
  const bool sram = device.type == hw::DeviceType::kSram;
  const double high = sram ? kSramOhm : device.resistance_ohm.front();
  const double low = sram ? kSramOhm : device.resistance_ohm.back();
  const double first = device.read_voltage_v.front() * device.read_voltage_v.front();
  const double last = device.read_voltage_v.back() * device.read_voltage_v.back();

  CrossbarReadPower power;
  power.detail = hardware.power_detail;
  power.columns = hardware.crossbar.columns;
  const double mean_square_voltage = 0.9 * first + 0.1 * last;
  power.per_cell_w = mean_square_voltage / (high * low / (0.67 * low + 0.33 * high));
  if (hardware.crossbar.cell == hw::CellType::k0T1R) {
    power.per_unselected_cell_w = mean_square_voltage / high;
  }
  power.whole_array_w = static_cast<double>(hardware.crossbar.rows) * hardware.crossbar.columns /
                        std::sqrt(high * low) * (first + last) / 2;
  return power;
}

}  // namespace gibbon::sim
