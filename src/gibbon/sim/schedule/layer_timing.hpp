#pragma once

#include <array>

#include "gibbon/sim/circuits/chip_units.hpp"
#include "gibbon/sim/corrections.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"
#include "gibbon/sim/schedule/schedule_mode.hpp"
#include "gibbon/sim/simulation_result.hpp"

namespace gibbon::sim {

/// Output positions that cost the same: the line buffer moves other amounts at the borders.
enum class PositionClass { kFirst, kLeft, kTop, kInner };
inline constexpr std::size_t kPositionClasses = 4;

/// What one output position of a layer takes, ns. docs/models/latency.md has the equations.
struct LayerTiming {
  std::array<double, kPositionClasses> position_ns{};    ///< in all
  std::array<double, kPositionClasses> line_write_ns{};  ///< into the line buffer
  std::array<double, kPositionClasses> line_read_ns{};   ///< out of it
  double buffer_write_ns = 0;                            ///< into the tile's output buffer
  double buffer_read_ns = 0;                             ///< out of it
  double crossbar_ns = 0, dac_ns = 0, adc_ns = 0;
  double input_register_ns = 0, output_register_ns = 0, shift_register_ns = 0;
  double adder_ns = 0, demux_ns = 0, mux_ns = 0, joint_module_ns = 0;
  double pooling_ns = 0;
  double vector_ns = 0;
  double intra_tile_ns = 0, merge_ns = 0, transfer_ns = 0;
  // Of the rounds of an epitome only (RoundRole).
  double partial_read_ns = 0;  ///< partial sums out of the tile's output buffer
  double accumulate_ns = 0;    ///< in joint modules; not in busy()
  double index_table_ns = 0;   ///< not in busy()
  bool merge_has_read = true;  ///< merge_ns holds buffer_read_ns, which is not added beside it

  /// Of the crossbars of the fullest PE: reads = input_slices x row_turns x column_turns.
  double input_slices = 0, row_turns = 0, column_turns = 0;

  /// Adds the times of a round that follows; the reads stay those of the first.
  LayerTiming& operator+=(const LayerTiming& next);

  /// The time of all of a layer's positions, by component. Reads of the tile's output buffer are in
  /// kBufferRead and, as in MNSIM [Q16], in kInterTile, unless Corrections::single_reads.
  ComponentValues busy(const ComputeLayer& layer) const;
  /// Whether a position's time has buffer_read_ns within merge_ns and nowhere else.
  bool reads_in_merge_only(const ComputeLayer& layer) const;
};

/// What one activation round of an epitome does otherwise than a convolution, whose one round does
/// everything (docs/models/epitome.md).
struct RoundRole {
  bool fills = true;         ///< its inputs enter the line buffer; else they are fetched again
  bool accumulates = false;  ///< adds to partial sums, which it reads back
  bool finishes = true;      ///< its outputs are complete and go on to the next layer
  double index_table_ns = 0;
};

/// A linear layer runs one operation whatever its number of outputs.
LayerTiming time_layer(const ComputeLayer& layer, const LayerMapping& mapping,
                       const ChipUnits& units, ScheduleMode mode,
                       const Corrections& corrections = {}, const RoundRole& role = {});

/// Turns in which a subarray drives `rows` wordlines and converts them, at most one DAC a wordline.
/// The rows fill one subarray after the other, and every subarray has converters of its own.
double row_turns_of(int rows, const ChipUnits& units);

/// Positions of a layer in each class.
std::array<double, kPositionClasses> count_positions(const ComputeLayer& layer);

}  // namespace gibbon::sim
