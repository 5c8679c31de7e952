#pragma once

#include "gibbon/sim/circuits/buffer.hpp"
#include "gibbon/sim/circuits/chip_units.hpp"
#include "gibbon/sim/corrections.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"
#include "gibbon/sim/simulation_result.hpp"

namespace gibbon::sim {

/// The buffers of a chip after the mapping has sized them.
struct ChipBuffers {
  Buffer pe_input;
  Buffer tile_output;
  Buffer global;  ///< of the accumulator for adds; MNSIM leaves it out of every total [Q17]
  double global_kb = 0;
};

/// [Q14]: in MNSIM a size given for the PEs' buffers also gives the chip a global buffer, adds or
/// not. With Corrections::accumulator there is none: every add has a bank of its own.
base::Result<ChipBuffers> chip_buffers(const hw::HardwareConfig& hardware,
                                       const ChipMapping& mapping,
                                       const Corrections& corrections = {});

/// Area of one tile, um^2: every tile is whole, whatever its layer uses, and has a pooling unit.
ComponentValues tile_area(const ChipUnits& units, const ChipBuffers& buffers);

/// Power of a layer, W: every tile counts as its fullest one [Q18]; an add costs nothing [Q17], and
/// what a vector unit costs is vector_parts().
ComponentValues layer_power(const ComputeLayer& layer, const LayerMapping& mapping,
                            const ChipUnits& units, const ChipBuffers& buffers);

/// Energy of a layer, nJ: each component's power times the time it is busy. Moving data between
/// PEs and tiles costs none.
ComponentValues layer_energy(const ComponentValues& power_w, const ComponentValues& busy_ns);

}  // namespace gibbon::sim
