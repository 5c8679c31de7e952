#pragma once

namespace gibbon::sim {

/// Where a model leaves MNSIM 2.0's quirks behind; all off is MNSIM. docs/models/corrected.md has
/// the equations and the reasons.
struct Corrections {
  bool multi_bit_cells = false;    ///< a cell holds Device::bits() bits of a weight [Q4]
  bool distances = false;          ///< no cut-off at 1000 hops [Q6], adds to the farthest tile [Q7]
  bool unit_powers = false;        ///< the 8-bit DAC [Q9], pooling units of every window [Q12]
  bool converter_turns = false;    ///< the converters of the subarrays that hold the rows [Q15]
  bool single_reads = false;       ///< an output buffer's read takes its time once [Q16]
  bool accumulator = false;        ///< the adds' adders and buffers cost [Q14, Q17]
  bool active_units_only = false;  ///< real numbers of conversions, PEs and adders [Q18, Q19]
  bool link_energy = false;        ///< wires within and between tiles cost energy

  static constexpr Corrections all() { return {true, true, true, true, true, true, true, true}; }
};

}  // namespace gibbon::sim
