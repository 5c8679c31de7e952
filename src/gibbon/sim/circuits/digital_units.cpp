#include "gibbon/sim/circuits/digital_units.hpp"

#include <array>
#include <cmath>

namespace gibbon::sim {
namespace {

struct AdderRow {
  double technology_nm;
  Unit per_bit;
};

// The 65 nm power is two orders above its neighbours in MNSIM's table; kept as it is.
constexpr std::array<AdderRow, 5> kAdders = {{{28, {0.10976, 2.5e-9}},
                                              {45, {0.2835, 2.5e-9}},
                                              {55, {0.4235, 2.5e-9}},
                                              {65, {1.42, 3e-7}},
                                              {130, {2.366, 2.5e-9}}}};

constexpr Unit kShiftRegister65 = {1.42, 8.1e-7};
constexpr Unit kRegister65 = {1.4256, 18.8e-9};
constexpr Unit kJointModule65 = {353.76, 2.64e-4};
constexpr Unit kPooling65 = {91917.1562, 3.082e-3};

Unit overridden(Unit unit, const hw::UnitOverride& replacement) {
  return {replacement.area_um2.value_or(unit.area_um2), replacement.power_w.value_or(unit.power_w)};
}

Unit scaled(const Unit& at_65_nm, double technology_nm) {
  const double factor = (technology_nm / 65) * (technology_nm / 65);
  return {at_65_nm.area_um2 * factor, at_65_nm.power_w * factor};
}

/// 1 + the number of octal digits of `ways`: the stages of a tree of 8-way cells.
int mux_stages(int ways) {
  int stages = 1;
  for (int rest = ways; rest > 0; rest /= 8) ++stages;
  return stages;
}

}  // namespace

Unit adder_unit(const hw::DigitalModules& digital, int bits) {
  const AdderRow* row = &kAdders.back();
  for (const AdderRow& candidate : kAdders) {
    if (candidate.technology_nm < digital.adder_technology_nm) continue;
    row = &candidate;
    break;
  }
  return overridden({row->per_bit.area_um2 * bits, row->per_bit.power_w * bits}, digital.adder);
}

Unit shift_register_unit(const hw::DigitalModules& digital) {
  return overridden(scaled(kShiftRegister65, digital.shift_register_technology_nm),
                    digital.shift_register);
}

Unit register_unit(const hw::DigitalModules& digital) {
  return overridden(scaled(kRegister65, digital.register_technology_nm), digital.reg);
}

Unit joint_module_unit(const hw::DigitalModules& digital) {
  return overridden(scaled(kJointModule65, digital.joint_module_technology_nm),
                    digital.joint_module);
}

Unit mux_unit(int ratio, double transistor_technology_nm) {
  constexpr std::array<int, 5> kWays = {2, 4, 8, 16, 32};
  constexpr std::array<int, 6> kTransistors = {8, 24, 72, 216, 648, 1944};
  std::size_t size = 0;
  while (size < kWays.size() && kWays[size] < ratio) ++size;
  const int transistors = kTransistors[size];
  return {transistors * 10 * transistor_technology_nm * transistor_technology_nm / 1e6,
          transistors * 1.2e-8};
}

double demux_latency_ns(int ways) {
  return 0.27933 * mux_stages(ways);
}
double mux_latency_ns(int ways) {
  return 0.032744 * mux_stages(ways);
}

Unit pooling_unit(const hw::Tile& tile) {
  const bool at_65_nm = tile.pooling_technology_nm == 65;
  if (at_65_nm && tile.pooling_size != 9) return {};
  Unit unit = scaled(kPooling65, tile.pooling_technology_nm);
  unit.area_um2 *= tile.pooling_units / 64.0;
  return unit;
}

Unit pooling_unit_of_window(const hw::Tile& tile) {
  const Unit unit = scaled(kPooling65, tile.pooling_technology_nm);
  const double factor = tile.pooling_units / 64.0 * (tile.pooling_size / 9.0);
  return {unit.area_um2 * factor, unit.power_w * factor};
}

}  // namespace gibbon::sim
