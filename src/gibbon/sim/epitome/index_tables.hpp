#pragma once

#include "gibbon/base/result.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/circuits/buffer.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"

namespace gibbon::sim {

/// The three tables that steer the rounds of an epitome layer, one set a layer (EPIM's datapath;
/// the names and what they hold are its, the widths are ours): with L(n) = ceil(log2 n) bits an
/// address,
///     IFAT  first and last input channel of a round           2 L(Cin)   a computed round
///     IFRT  first and last wordline that they drive           2 L(rows)  a computed round
///     OFAT  first and last output channel that it writes      2 L(Cout)  a round, copies included
/// Each is an SRAM of the chip's buffer tables, 2 KB at least. A computed round looks all three up
/// at once, a copied one its OFAT entry: one access after another for all rounds of a position.
struct IndexTables {
  long rounds = 0;    ///< of one output position, copies included
  long computed = 0;  ///< of them
  long ifat_bits = 0;
  long ifrt_bits = 0;
  long ofat_bits = 0;
  Buffer ifat;
  Buffer ifrt;
  Buffer ofat;
  double access_ns = 0;  ///< of the widest entry

  double area_um2() const { return ifat.area_um2 + ifrt.area_um2 + ofat.area_um2; }
  /// Time of all look-ups of one output position.
  double lookup_ns() const;
  /// Energy of all look-ups of one output position, nJ.
  double lookup_nj() const;
};

/// Of a layer with a plan. Infeasible where the chip's buffer tables hold no such memory.
base::Result<IndexTables> index_tables(const StoredLayer& stored, const hw::Chip& chip);

}  // namespace gibbon::sim
