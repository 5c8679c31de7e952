#pragma once

#include <array>
#include <span>
#include <string_view>

#include "gibbon/sim/corrections.hpp"
#include "gibbon/sim/schedule/layer_timing.hpp"
#include "gibbon/sim/simulators/layer_figures.hpp"

namespace gibbon::sim {

/// Equal units of a component at work: power count x unit_w, energy that times busy_ns.
struct LayerPart {
  Component component = Component::kCrossbar;
  std::string_view what;
  double count = 0;   ///< on average over busy_ns: conversions x the time of one / busy_ns
  double unit_w = 0;  ///< of one
  double busy_ns = 0;
  std::string_view source;  ///< of unit_w

  double power_w() const { return count * unit_w; }
  double energy_nj() const { return power_w() * busy_ns; }
};

/// At most kCapacity parts, those that need nothing left out.
class LayerParts {
 public:
  static constexpr std::size_t kCapacity = 20;
  void add(const LayerPart& part) {
    if (part.count != 0 && part.unit_w != 0) parts_[size_++] = part;
  }
  std::span<const LayerPart> list() const { return std::span(parts_).first(size_); }

 private:
  std::array<LayerPart, kCapacity> parts_;
  std::size_t size_ = 0;
};

/// What all crossbars of a conv or linear layer do for one output position and one slice of the
/// input bits, counted exactly: blocks at the edges are smaller, the last PE may stand alone.
/// docs/models/corrected.md has the equations.
struct CrossbarWork {
  double dac_conversions = 0;   ///< a row for every turn over the columns
  double adc_conversions = 0;   ///< a column of a subarray for every turn over its rows
  double selected_cells = 0;    ///< each cell that holds a weight is read once
  double unselected_cells = 0;  ///< of unused columns on driven rows
  double array_reads = 0;
  double outputs = 0;        ///< of all PEs: sums over a PE's rows and bit planes
  double plane_sums = 0;     ///< additions between the bit planes of a PE
  double plane_outputs = 0;  ///< of all PEs, bit planes apart
};
CrossbarWork crossbar_work(const ComputeLayer& layer, const LayerMapping& mapping,
                           const ChipUnits& units);

/// The memory and the adders that an add has to itself, on the global accumulator: a bank for its
/// inputs and C (n - 1) adders for n inputs of C channels.
struct Accumulator {
  Buffer bank;
  Unit adder;
  double adders = 0;
};
Accumulator accumulator_of(const ComputeLayer& add, const hw::HardwareConfig& hardware);

/// Everything that the parts of a layer follow from.
struct LayerView {
  const hw::HardwareConfig& hardware;
  const Corrections& corrections;
  const ComputeLayer& layer;
  const ChipMapping& chip;
  const LayerMapping& mapping;
  const ChipUnits& units;
  const ChipBuffers& buffers;
  const LayerTiming& timing;
  const ComponentValues& busy_ns;
  const ComponentValues& tile_area_um2;
};

/// Whether the corrections replace MNSIM's power of the layer, or only add to it.
bool counted_exactly(const LayerView& view);

/// The parts that the corrections bring: exact ones (where counted_exactly), the accumulator's, the
/// wires'.
LayerParts corrected_parts(const LayerView& view);

/// MNSIM's power of a layer taken apart again: `power_w` divided by the power of one unit.
LayerParts mnsim_parts(const LayerView& view, const ComponentValues& power_w);

/// Energy of a wire, nJ a bit and mm: a quarter of the bits charge it (a rise from 0 to 1 in random
/// data), 0.2 pF/mm (Ho, Mai, Horowitz, Proc. IEEE 89(4), 2001: about constant over technologies)
/// at 1 V.
inline constexpr double kWireNjPerBitMm = 0.25 * 0.2e-12 * 1.0 * 1.0 * 1e9;

}  // namespace gibbon::sim
