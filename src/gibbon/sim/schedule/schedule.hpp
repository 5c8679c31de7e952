#pragma once

#include <span>
#include <vector>

#include "gibbon/sim/mapping/compute_graph.hpp"
#include "gibbon/sim/schedule/layer_timing.hpp"

namespace gibbon::sim {

/// When every output position of every layer begins and finishes, ns from the start of the
/// inference; positions in row-major order, a linear layer having one.
struct Timeline {
  std::vector<double> finish;
  std::vector<double> begin;          ///< empty unless asked for
  std::vector<std::size_t> first_of;  ///< of a layer, in the two lists above; one more at the end
  std::vector<double> layer_begin;    ///< of the first output
  std::vector<double> layer_finish;   ///< of the last output, a layer's latest

  std::span<const double> finishes_of(std::size_t layer) const {
    return std::span(finish).subspan(first_of[layer], first_of[layer + 1] - first_of[layer]);
  }
  std::span<const double> begins_of(std::size_t layer) const {
    return std::span(begin).subspan(first_of[layer], first_of[layer + 1] - first_of[layer]);
  }
  /// When the last layer that still works has finished.
  double latest_finish() const;
};

/// Runs the schedule; replaces `timeline`'s content. One recurrence a position: it begins when its
/// window is there and the layer's previous position is done.
void run_schedule(const ComputeGraph& graph, std::span<const LayerTiming> timings,
                  ScheduleMode mode, bool keep_begins, Timeline& timeline);

}  // namespace gibbon::sim
