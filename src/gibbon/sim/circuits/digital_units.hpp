#pragma once

#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::sim {

/// Area and power of one digital part.
struct Unit {
  double area_um2 = 0;
  double power_w = 0;
};

/// An adder of `bits` bits, by the nearest known technology at or above the configured one.
/// An override stands for the whole adder, whatever its width.
Unit adder_unit(const hw::DigitalModules& digital, int bits);
Unit shift_register_unit(const hw::DigitalModules& digital);
Unit register_unit(const hw::DigitalModules& digital);
/// The 8-bit module that merges the outputs of two PEs.
Unit joint_module_unit(const hw::DigitalModules& digital);

/// A multiplexer or demultiplexer with `ratio` ways: transistors of 10 F^2, 12 nW each.
Unit mux_unit(int ratio, double transistor_technology_nm);
double demux_latency_ns(int ways);
double mux_latency_ns(int ways);

/// The pooling unit of a tile. [Q12]: at 65 nm a unit that is not 3 x 3 costs nothing; physically
/// it would scale with its window. Any number of units is scaled linearly from 64.
Unit pooling_unit(const hw::Tile& tile);
/// The same with [Q12] mended: area and power grow with the units and with their window's elements,
/// from 64 units of 3 x 3, at every technology.
Unit pooling_unit_of_window(const hw::Tile& tile);

}  // namespace gibbon::sim
