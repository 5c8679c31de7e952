#include "gibbon/sim/schedule/schedule.hpp"

#include <algorithm>

namespace gibbon::sim {
namespace {

class Scheduler {
 public:
  Scheduler(const ComputeGraph& graph, std::span<const LayerTiming> timings, ScheduleMode mode,
            bool keep_begins, Timeline& timeline)
      : graph_(graph), timings_(timings), mode_(mode), keep_(keep_begins), timeline_(timeline) {
    auto& first_of = timeline.first_of;
    first_of.assign(1, 0);
    for (const ComputeLayer& layer : graph.layers) {
      first_of.push_back(first_of.back() + static_cast<std::size_t>(layer.positions()));
    }
    timeline.finish.resize(first_of.back());
    timeline.begin.resize(keep_begins ? first_of.back() : 0);
    timeline.layer_begin.resize(graph.layers.size());
    timeline.layer_finish.resize(graph.layers.size());
  }

  void run() {
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      const ComputeLayer& layer = graph_.layers[i];
      const double* costs = timings_[i].position_ns.data();
      out_ = timeline_.finish.data() + timeline_.first_of[i];
      begins_ = keep_ ? timeline_.begin.data() + timeline_.first_of[i] : nullptr;
      if (layer.kind == ComputeKind::kAdd) {
        run_add(layer, costs[0]);
      } else if (layer.kind == ComputeKind::kLinear) {
        run_linear(layer, costs[0]);
      } else if (mode_ == ScheduleMode::kLayerByLayer) {
        run_after_source(layer, costs);
      } else if (layer.kind == ComputeKind::kVector) {
        run_vector(layer, costs[0]);
      } else {
        run_windows(layer, costs);
      }
      const std::size_t last = timeline_.first_of[i + 1] - timeline_.first_of[i] - 1;
      timeline_.layer_begin[i] = first_begin_;
      timeline_.layer_finish[i] = out_[last];
    }
  }

 private:
  const double* finishes(int source) const {
    return timeline_.finish.data() + timeline_.first_of[static_cast<std::size_t>(source)];
  }

  std::size_t positions_of(int source) const {
    return static_cast<std::size_t>(graph_.layers[static_cast<std::size_t>(source)].positions());
  }

  double end_of(int source) const {
    if (source < 0) return 0;
    return timeline_.layer_finish[static_cast<std::size_t>(source)];
  }

  double emit(std::size_t position, double begin, double cost) {
    if (position == 0) first_begin_ = begin;
    if (begins_ != nullptr) begins_[position] = begin;
    return out_[position] = begin + cost;
  }

  double end_of_sources(const ComputeLayer& layer) const {
    double end = 0;
    for (const int source : graph_.sources_of(layer)) end = std::max(end, end_of(source));
    return end;
  }

  static void wait_for(const double* finishes, std::size_t positions, double* ready) {
    for (std::size_t i = 0; i < positions; ++i) ready[i] = std::max(ready[i], finishes[i]);
  }

  void run_add(const ComputeLayer& layer, double cost) {
    const auto sources = graph_.sources_of(layer);
    const auto positions = static_cast<std::size_t>(layer.positions());
    std::fill_n(out_, positions, 0.0);
    for (const int source : sources) {
      if (source >= 0) wait_for(finishes(source), positions, out_);
    }
    double previous = 0;
    for (std::size_t i = 0; i < positions; ++i) {
      previous = emit(i, std::max(out_[i], previous), cost);
    }
  }

  /// Position by position behind the first operand, all of the second being there.
  void run_vector(const ComputeLayer& layer, double cost) {
    const auto sources = graph_.sources_of(layer);
    const auto held = static_cast<std::size_t>(layer.vector.held_sources);
    const auto positions = static_cast<std::size_t>(layer.positions());
    const auto elements = static_cast<std::size_t>(layer.in_height * layer.in_width);
    double* ready = out_ + layer.vector.first_position;
    double previous = 0;
    std::fill_n(out_, positions, 0.0);
    for (const int source : sources.first(sources.size() - held)) {
      if (source >= 0 && positions_of(source) == elements) {
        wait_for(finishes(source), elements, ready);
      } else {  // a flatten or the choice of a token is in between
        previous = std::max(previous, end_of(source));
      }
    }
    for (const int source : sources.last(held)) previous = std::max(previous, end_of(source));
    for (std::size_t i = 0; i < positions; ++i) {
      previous = emit(i, std::max(out_[i], previous), cost);
    }
  }

  void run_linear(const ComputeLayer& layer, double cost) { emit(0, end_of_sources(layer), cost); }

  void run_after_source(const ComputeLayer& layer, const double* costs) {
    double previous = end_of_sources(layer);
    std::size_t position = 0;
    for (int y = 0; y < layer.out_height; ++y) {
      const double* row_costs = costs + (y == 0 ? 0 : 1);  // {kFirst, kTop} or {kLeft, kInner}
      for (int x = 0; x < layer.out_width; ++x) {
        previous = emit(position++, previous, row_costs[x == 0 ? 0 : 2]);
      }
    }
  }

  /// Where several producers' channels lie side by side, an element is there with the last of them.
  /// nullptr where nothing has to be waited for. Valid until the next call.
  const double* input_finishes(const ComputeLayer& layer) {
    const auto sources = graph_.sources_of(layer);
    if (sources.size() == 1) return sources[0] < 0 ? nullptr : finishes(sources[0]);
    const auto elements = static_cast<std::size_t>(layer.in_height * layer.in_width);
    joined_.assign(elements, 0.0);
    for (const int source : sources) {
      if (source < 0) continue;
      if (positions_of(source) == elements) {
        wait_for(finishes(source), elements, joined_.data());
      } else {  // a flatten is in between
        for (double& ready : joined_) ready = std::max(ready, end_of(source));
      }
    }
    return joined_.data();
  }

  /// The last element of the window of position
  /// (y, x) is m + s y rows down and m + s x columns to the right (counted from one), inside the
  /// input; m is the window's reach beyond the padding.
  void run_windows(const ComputeLayer& layer, const double* costs) {
    const double* from = input_finishes(layer);
    if (from == nullptr) return run_after_source(layer, costs);
    const int reach = layer.symmetric_padding ? 2 : std::max(layer.kernel - layer.padding, 1);
    const int stride = layer.stride;
    const int width = layer.in_width;
    double previous = 0;
    std::size_t position = 0;
    for (int y = 0; y < layer.out_height; ++y) {
      const double* row_costs = costs + (y == 0 ? 0 : 1);
      const double* row =
          from +
          static_cast<std::ptrdiff_t>(std::min(reach + stride * y, layer.in_height) - 1) * width;
      previous =
          emit(position++, std::max(row[std::min(reach, width) - 1], previous), row_costs[0]);
      const double cost = row_costs[2];
      for (int x = 1; x < layer.out_width; ++x) {
        const double ready = row[std::min(reach + stride * x, width) - 1];
        previous = emit(position++, std::max(ready, previous), cost);
      }
    }
  }

  const ComputeGraph& graph_;
  std::span<const LayerTiming> timings_;
  ScheduleMode mode_;
  bool keep_;
  Timeline& timeline_;
  std::vector<double> joined_;
  double* out_ = nullptr;
  double* begins_ = nullptr;
  double first_begin_ = 0;
};

}  // namespace

double Timeline::latest_finish() const {
  return layer_finish.empty() ? 0 : *std::max_element(layer_finish.begin(), layer_finish.end());
}

void run_schedule(const ComputeGraph& graph, std::span<const LayerTiming> timings,
                  ScheduleMode mode, bool keep_begins, Timeline& timeline) {
  Scheduler(graph, timings, mode, keep_begins, timeline).run();
}

}  // namespace gibbon::sim
