#include "gibbon/sim/reference/case_comparison.hpp"

#include <span>

namespace gibbon::sim {

using base::Json;

namespace {

/// The reference's sums over positions. An add's own time is its 10 ns of "digital".
void compare_busy(const MnsimEvaluation& ours, std::size_t i, const Json& reference,
                  CaseComparison& out) {
  const ComponentValues& busy = ours.figures[i].busy_ns;
  const LayerTiming& timing = ours.timings[i];
  const bool add = ours.graph.layers[i].kind == ComputeKind::kAdd;
  const double positions = ours.graph.layers[i].positions();
  double digital = 0;
  for (const CaseKey& key : kDigitalKeys) {
    digital += busy[key.component];
    if (add && key.component == Component::kAdder) continue;
    out.check(key.name, busy[key.component], reference.at(key.name));
  }
  for (const CaseKey& key : kOtherKeys) {
    out.check(key.name, busy[key.component], reference.at(key.name));
  }
  const double read = busy[Component::kBufferRead];
  const double write = busy[Component::kBufferWrite];
  out.check("digital", digital, reference.at("digital"));
  out.check("buffer_r", read, reference.at("buffer_r"));
  out.check("buffer_w", write, reference.at("buffer_w"));
  out.check("buffer", read + write, reference.at("buffer"));
  out.check("computing", busy[Component::kCrossbar] + busy[Component::kAdc] + busy[Component::kDac],
            reference.at("computing"));
  out.check("intra_tile", busy[Component::kIntraTile], reference.at("intra_tile"));
  out.check("inter_tile", busy[Component::kInterTile], reference.at("inter_tile"));
  out.check("tile_merge", positions * timing.merge_ns, reference.at("tile_merge"));
  out.check("tile_transfer", positions * timing.transfer_ns, reference.at("tile_transfer"));
}

double occupancy_of(const MnsimEvaluation& ours, std::size_t i) {
  const auto counts = count_positions(ours.graph.layers[i]);
  double busy = 0;
  for (std::size_t c = 0; c < kPositionClasses; ++c) {
    busy += counts[c] * ours.timings[i].position_ns[c];
  }
  return busy / (ours.timeline.layer_finish[i] - ours.timeline.layer_begin[i]);
}

void compare_times(const MnsimEvaluation& ours, std::size_t i, const Json& reference,
                   CaseComparison& out) {
  const ComputeLayer& layer = ours.graph.layers[i];
  const auto begin = ours.timeline.begins_of(i);
  const auto finish = ours.timeline.finishes_of(i);
  // The reference lists a linear layer's single operation once for each output.
  const double copies = layer.kind == ComputeKind::kLinear ? layer.out_channels : 1;
  const auto sum = [copies](std::span<const double> times) {
    double total = 0;
    for (const double time : times) total += time;
    return copies * total;
  };
  out.check("num_outputs", copies * layer.positions(), reference.at("num_outputs"));
  out.check("begin_first", begin.front(), reference.at("begin_first"));
  out.check("begin_last", begin.back(), reference.at("begin_last"));
  out.check("finish_first", finish.front(), reference.at("finish_first"));
  out.check("finish_last", finish.back(), reference.at("finish_last"));
  out.check("begin_min", ours.timeline.layer_begin[i], reference.at("begin_min"));
  out.check("finish_max", ours.timeline.layer_finish[i], reference.at("finish_max"));
  out.check("sum_begin", sum(begin), reference.at("sum_begin"));
  out.check("sum_finish", sum(finish), reference.at("sum_finish"));
  const Json& samples = reference.at("samples");
  for (std::size_t s = 0; s < samples.at("pos").size(); ++s) {
    const std::size_t position =
        layer.kind == ComputeKind::kLinear ? 0 : samples.at("pos").at(s).get<std::size_t>();
    out.check("samples begin", begin[position], samples.at("begin").at(s));
    out.check("samples finish", finish[position], samples.at("finish").at(s));
  }
  const int source = ours.graph.sources_of(layer).front();
  const double before =
      source < 0 ? 0 : ours.timeline.layer_finish[static_cast<std::size_t>(source)];
  // A difference of two times near in size: what is compared is their distance on the time's scale.
  out.check("layer_latency_printed", before + (ours.timeline.layer_finish[i] - before),
            before + reference.at("layer_latency_printed").get<double>());
}

}  // namespace

void compare_schedule(const MnsimEvaluation& ours, const std::string& schedule,
                      const Json& expected, CaseComparison& out) {
  const std::string part = "latency " + schedule;
  out.at(part);
  out.check("entire_latency_ns", printed_latency_ns(ours.graph, ours.timeline),
            expected.at("entire_latency_ns"));
  out.check("true_max_finish_ns", ours.timeline.latest_finish(), expected.at("true_max_finish_ns"));
  for (std::size_t i = 0; i < ours.graph.layers.size(); ++i) {
    const Json& reference = expected.at("layers").at(i);
    out.at(part, layer_place(i));
    compare_times(ours, i, reference, out);
    compare_busy(ours, i, reference.at("totals"), out);
    const bool one_by_one = schedule == "nopipe";
    out.check("occupancy", one_by_one ? 1 : occupancy_of(ours, i), reference.at("occupancy"));
  }
}

}  // namespace gibbon::sim
