#pragma once

#include "gibbon/hw/digital_cim.hpp"

namespace gibbon::sim {

/// nJ a pJ.
inline constexpr double kNanoPerPico = 1e-3;

/// What gates and SRAM cost at one node and voltage. Sources of the constants: technology.cpp.
struct DigitalTechnology {
  double gate_pj = 0;         ///< energy of a NAND2's nodes over a cycle of random data
  double gate_um2 = 0;        ///< area of a NAND2
  double bitcell_um2 = 0;     ///< of a dense 6T SRAM cell
  double capacitance = 0;     ///< of a gate, over one of 28 nm
  double energy_from_45 = 0;  ///< of the same circuit, over 45 nm at 0.9 V
  double area_from_45 = 0;    ///< of the same logic, over 45 nm
};
/// The node must be one that hw::validate allows.
DigitalTechnology digital_technology(double node_nm, double voltage_v);

/// Energy of a byte read from or written to an SRAM of `kb` KB, pJ.
double sram_pj_per_byte(const DigitalTechnology& technology, double kb);
/// Area of an SRAM of `kb` KB, um^2: half of it is cells.
double sram_um2(const DigitalTechnology& technology, double kb);

/// One array's own figures.
struct CimArray {
  double mac_cycle_pj = 0;  ///< one multiplier with its share of the adders, for a cycle
  double write_bit_pj = 0;  ///< of one bit of a weight
  double area_um2 = 0;
};
CimArray cim_array(const hw::DigitalCim::ProcessingElements& pe,
                   const DigitalTechnology& technology);

/// Full adders of a tree that adds `rows` numbers of `bits` bits, each level a bit wider.
double adder_tree_full_adders(int rows, int bits);

/// The chip's areas, um^2. The DRAM and its interface are not on it.
struct ChipAreas {
  double arrays_um2 = 0;
  double buffers_um2 = 0;
  double shared_memory_um2 = 0;
  double vector_um2 = 0;
};
ChipAreas chip_areas(const hw::DigitalCim& cim, const DigitalTechnology& technology);

/// A lane of a vector unit: an adder and a multiplier.
double vector_lane_um2(const DigitalTechnology& technology);
/// Energy of one operation of the vector unit, pJ.
double vector_op_pj(const DigitalTechnology& technology);

}  // namespace gibbon::sim
