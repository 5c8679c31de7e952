#include "gibbon/sim/digital/technology.hpp"

#include <array>
#include <cmath>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

/// Contacted gate pitch, smallest metal pitch, dense SRAM cell, as the foundries published them at
/// IEDM and VLSI (collected at wikichip.org, "technology node"): 45 nm Intel, the others TSMC; 22
/// nm is the 28 nm process at 95 % of its lengths.
struct Node {
  double nm;
  double gate_pitch_nm;
  double metal_pitch_nm;
  double bitcell_um2;
};
constexpr std::array<Node, 6> kNodes = {{{45, 160, 160, 0.346},
                                         {28, 117, 90, 0.127},
                                         {22, 111.15, 85.5, 0.127 * 0.9025},
                                         {16, 90, 64, 0.070},
                                         {7, 57, 40, 0.027},
                                         {5, 51, 30, 0.021}}};

// Gates at 28 nm and 0.9 V: ZigZag-IMC (Houshmand et al., arXiv 2305.18335; KULeuven-MICAS/zigzag,
// imc_unit.py). XOR2 and flip-flop in NAND2: capacitance 1.5 and 3, area 2.4 and 6.
constexpr double kNandPf = 0.7e-3;
constexpr double kNandUm2 = 0.614;
/// A full adder: two XOR2 and three NAND2 of capacitance; in custom trees 14 transistors, a NAND2
/// having 4.
constexpr double kAdderGates = 2 * 1.5 + 3;
constexpr double kAdderAreaGates = 14.0 / 4;
constexpr double kFlipFlopGates = 3;
constexpr double kFlipFlopAreaGates = 6;
/// C V^2 is taken from the supply once in two transitions; random bits change in half of the
/// cycles, and unequal delays in the adders about double that.
constexpr double kActivity = 0.5;

// Horowitz, "Computing's Energy Problem", ISSCC 2014, Fig. 1.1.9: 45 nm, 0.9 V. SRAM: pJ for 64
// bits.
constexpr double kSmallKb = 8, kSmallPj = 10;
constexpr double kMiddleKb = 32, kMiddlePj = 20;
constexpr double kLargeKb = 1024, kLargePj = 100;
constexpr double kWordBytes = 8;
constexpr double kFloatAddPj = 0.4, kFloatMultiplyPj = 1.1;      // 16 bits
constexpr double kFloatAddUm2 = 1360, kFloatMultiplyUm2 = 1640;  // 16 bits

constexpr double kHorowitzVolt = 0.9;
/// Cells' share of an SRAM's area. An assumption: published macros have 0.4 to 0.7.
constexpr double kSramEfficiency = 0.5;
constexpr double kBitsPerKb = 8 * 1024;

const Node& node_of(double nm) {
  for (const Node& node : kNodes) {
    if (node.nm == nm) return node;
  }
  return kNodes[1];
}

/// On the line through two points in log-log scales.
double power_law(double x, double x0, double y0, double x1, double y1) {
  return y0 * std::pow(x / x0, std::log(y1 / y0) / std::log(x1 / x0));
}

double logic_area(const Node& node) {
  return node.gate_pitch_nm * node.metal_pitch_nm;
}

/// Bits that a column's accumulator holds: a tree's result over all bits of an input of 8 bits.
int accumulator_bits(const hw::DigitalCim::ProcessingElements& pe) {
  constexpr int kInputBits = 8;
  return pe.weight_bits + ceil_log2(pe.rows) + kInputBits;
}

/// Adder trees work once for each input bit of a cycle.
double column_adders(const hw::DigitalCim::ProcessingElements& pe) {
  return pe.input_bits_per_cycle * adder_tree_full_adders(pe.rows, pe.weight_bits) +
         accumulator_bits(pe);
}

}  // namespace

DigitalTechnology digital_technology(double node_nm, double voltage_v) {
  const Node& node = node_of(node_nm);
  const Node& base = node_of(28);
  const Node& old = node_of(45);
  DigitalTechnology technology;
  // A gate's capacitance follows its width, so the gate pitch.
  technology.capacitance = node.gate_pitch_nm / base.gate_pitch_nm;
  technology.gate_pj = kActivity * kNandPf * technology.capacitance * voltage_v * voltage_v;
  technology.gate_um2 = kNandUm2 * logic_area(node) / logic_area(base);
  technology.bitcell_um2 = node.bitcell_um2;
  technology.energy_from_45 = node.gate_pitch_nm / old.gate_pitch_nm * (voltage_v * voltage_v) /
                              (kHorowitzVolt * kHorowitzVolt);
  technology.area_from_45 = logic_area(node) / logic_area(old);
  return technology;
}

double sram_pj_per_byte(const DigitalTechnology& technology, double kb) {
  const double word = kb < kMiddleKb ? power_law(kb, kSmallKb, kSmallPj, kMiddleKb, kMiddlePj)
                                     : power_law(kb, kMiddleKb, kMiddlePj, kLargeKb, kLargePj);
  return word / kWordBytes * technology.energy_from_45;
}

double sram_um2(const DigitalTechnology& technology, double kb) {
  return kb * kBitsPerKb * technology.bitcell_um2 / kSramEfficiency;
}

double adder_tree_full_adders(int rows, int bits) {
  double adders = 0;
  for (int left = rows, width = bits; left > 1; left = (left + 1) / 2, ++width) {
    const int pairs = left / 2;
    adders += static_cast<double>(pairs) * width;
  }
  return adders;
}

CimArray cim_array(const hw::DigitalCim::ProcessingElements& pe,
                   const DigitalTechnology& technology) {
  const double adders = column_adders(pe);
  const double multipliers =
      static_cast<double>(pe.rows) * pe.weight_bits * pe.input_bits_per_cycle;
  const double flip_flops = accumulator_bits(pe);
  const double column_gates = multipliers + kAdderGates * adders + kFlipFlopGates * flip_flops;
  const double column_area_gates =
      multipliers + kAdderAreaGates * adders + kFlipFlopAreaGates * flip_flops;
  const double cells = static_cast<double>(pe.rows) * pe.weight_bits * pe.cells_per_column;
  CimArray array;
  array.mac_cycle_pj = column_gates * technology.gate_pj / pe.rows;
  array.write_bit_pj = sram_pj_per_byte(technology, cells * pe.columns / kBitsPerKb) / 8;
  array.area_um2 =
      pe.columns * (column_area_gates * technology.gate_um2 + cells * technology.bitcell_um2);
  return array;
}

ChipAreas chip_areas(const hw::DigitalCim& cim, const DigitalTechnology& technology) {
  ChipAreas areas;
  areas.arrays_um2 = cim.pe.count * cim_array(cim.pe, technology).area_um2;
  areas.buffers_um2 = cim.pe.count * sram_um2(technology, cim.pe.buffer_kb);
  areas.shared_memory_um2 = sram_um2(technology, cim.shared_memory.size_kb);
  areas.vector_um2 = cim.vector.lanes * vector_lane_um2(technology);
  return areas;
}

double vector_lane_um2(const DigitalTechnology& technology) {
  return (kFloatAddUm2 + kFloatMultiplyUm2) * technology.area_from_45;
}

double vector_op_pj(const DigitalTechnology& technology) {
  return (kFloatAddPj + kFloatMultiplyPj) / 2 * technology.energy_from_45;
}

}  // namespace gibbon::sim
