#include "gibbon/sim/simulators/explain_mnsim.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "gibbon/sim/simulators/vector_layer.hpp"

namespace gibbon::sim {
namespace {

constexpr std::array<std::string_view, kPositionClasses> kClassNames = {"first", "left", "top",
                                                                        "inner"};

/// Output positions of a layer that lie on the chain which ends last, by class.
using ChainPositions = std::array<double, kPositionClasses>;

std::size_t class_of(const ComputeLayer& layer, std::size_t position) {
  const auto width = static_cast<std::size_t>(layer.out_width);
  const bool lower = position >= width;
  const bool right = position % width != 0;
  return (right ? 2u : 0u) + (lower ? 1u : 0u);
}

/// Walks back from the end: what a position waited for finished exactly when it began.
class Chain {
 public:
  Chain(const ComputeGraph& graph, const Timeline& timeline)
      : graph_(graph), timeline_(timeline), positions_(graph.layers.size()) {
    const auto& finish = timeline.layer_finish;
    layer_ =
        static_cast<std::size_t>(std::max_element(finish.begin(), finish.end()) - finish.begin());
    position_ = timeline.finishes_of(layer_).size() - 1;
    do {
      const ComputeLayer& layer = graph.layers[layer_];
      positions_[layer_][class_of(layer, position_)] += 1;
    } while (step_back());
  }

  const std::vector<ChainPositions>& positions() const { return positions_; }

 private:
  bool step_back() {
    const double begin = timeline_.begins_of(layer_)[position_];
    if (position_ > 0 && timeline_.finishes_of(layer_)[position_ - 1] == begin) {
      --position_;
      return true;
    }
    for (const int source : graph_.sources_of(graph_.layers[layer_])) {
      if (source >= 0 && move_to(static_cast<std::size_t>(source), begin)) return true;
    }
    return false;
  }

  bool move_to(std::size_t source, double finish) {
    const auto finishes = timeline_.finishes_of(source);
    const auto found = std::lower_bound(finishes.begin(), finishes.end(), finish);
    if (found == finishes.end() || *found != finish) return false;
    layer_ = source;
    position_ = static_cast<std::size_t>(found - finishes.begin());
    return true;
  }

  const ComputeGraph& graph_;
  const Timeline& timeline_;
  std::vector<ChainPositions> positions_;
  std::size_t layer_ = 0;
  std::size_t position_ = 0;
};

class MnsimExplainer {
 public:
  MnsimExplainer(const nn::Network& network, const hw::HardwareConfig& hardware,
                 const MnsimOptions& options, const MnsimEvaluation& evaluation, Quantity quantity)
      : network_(network), hardware_(hardware), options_(options), evaluation_(evaluation) {
    explanation_.quantity = quantity;
  }

  Explanation run() {
    const std::size_t count = evaluation_.graph.layers.size();
    for (std::size_t i = 0; i < count; ++i) explanation_.layers.push_back(name_of(i));
    switch (explanation_.quantity) {
      case Quantity::kLatency:
        explain_latency();
        break;
      case Quantity::kArea:
        for (std::size_t i = 0; i < count; ++i) explain_area(i);
        explanation_.total = total_of(&MnsimEvaluation::Figures::area_um2);
        break;
      case Quantity::kEnergy:
        for (std::size_t i = 0; i < count; ++i) explain_work(i);
        explanation_.total = total_of(&MnsimEvaluation::Figures::energy_nj);
        break;
      case Quantity::kPower:
        for (std::size_t i = 0; i < count; ++i) explain_work(i);
        explanation_.total = total_of(&MnsimEvaluation::Figures::power_w);
        break;
    }
    return std::move(explanation_);
  }

 private:
  const std::string& name_of(std::size_t index) const {
    const auto layer = static_cast<std::size_t>(evaluation_.graph.layers[index].network_index);
    return network_.layers()[layer].name;
  }

  double total_of(ComponentValues MnsimEvaluation::Figures::*figure) const {
    double total = 0;
    for (const auto& figures : evaluation_.figures) total += (figures.*figure).sum();
    return total;
  }

  void add(std::size_t layer, Component component, std::string what, double count, double unit,
           std::string_view source, double time_ns = 1) {
    const double value = count * unit * time_ns;
    if (value == 0) return;
    explanation_.terms.push_back({name_of(layer), component, std::move(what), count, unit, time_ns,
                                  std::string(source), value});
  }

  void explain_latency() {
    explanation_.total = evaluation_.timeline.latest_finish();
    const Chain chain(evaluation_.graph, evaluation_.timeline);
    for (std::size_t i = 0; i < chain.positions().size(); ++i) {
      explain_steps(i, chain.positions()[i]);
    }
  }

  void explain_lines(std::size_t layer, const ChainPositions& positions, Component component,
                     const std::array<double, kPositionClasses>& times) {
    for (std::size_t c = 0; c < kPositionClasses; ++c) {
      add(layer, component, "line buffer, " + std::string(kClassNames[c]), positions[c], times[c],
          "20 ns a word");
    }
  }

  void explain_steps(std::size_t layer, const ChainPositions& positions) {
    const LayerTiming& timing = evaluation_.timings[layer];
    double count = 0;
    for (const double positions_of_class : positions) count += positions_of_class;
    if (count == 0) return;
    const auto step = [&](Component component, double time_ns, const char* what,
                          std::string_view source) {
      add(layer, component, what, count, time_ns, source);
    };
    explain_lines(layer, positions, Component::kBufferWrite, timing.line_write_ns);
    explain_lines(layer, positions, Component::kBufferRead, timing.line_read_ns);
    const ChipUnits& units = evaluation_.units;
    const double reads = count * timing.input_slices * timing.row_turns * timing.column_turns;
    const auto read = [&](Component component, double time_ns, std::string_view source) {
      add(layer, component, "reads", reads, time_ns, source);
    };
    const auto clocked = [&](Component component, double time_ns) {
      add(layer, component, "cycles", count * time_ns / units.clock_ns, units.clock_ns,
          "digital frequency");
    };
    read(Component::kCrossbar, units.crossbar_ns, "device + wires");
    read(Component::kDac, units.dac_ns, "(bits + 2) / rate");
    read(Component::kAdc, units.adc_ns, "bits, sample rate");
    read(Component::kDemux, units.demux_ns, "0.28 ns a stage");
    read(Component::kMux, units.mux_ns, "0.033 ns a stage");
    clocked(Component::kInputRegister, timing.input_register_ns);
    clocked(Component::kShiftRegister, timing.shift_register_ns);
    clocked(Component::kOutputRegister, timing.output_register_ns);
    if (evaluation_.graph.layers[layer].kind == ComputeKind::kAdd) {
      step(Component::kAdder, timing.adder_ns, "positions", "10 ns an add");
    } else {
      clocked(Component::kAdder, timing.adder_ns);
    }
    clocked(Component::kVectorUnit, timing.vector_ns);
    clocked(Component::kJointModule, timing.joint_module_ns);
    step(Component::kPooling, timing.pooling_ns, "positions", "100 ns a window");
    step(Component::kIntraTile, timing.intra_tile_ns, "positions", "bits / bandwidth");
    step(Component::kBufferWrite, timing.buffer_write_ns, "output buffer", "20 ns a word");
    if (!timing.reads_in_merge_only(evaluation_.graph.layers[layer])) {
      step(Component::kBufferRead, timing.buffer_read_ns, "output buffer", "20 ns a word");
    }
    step(Component::kInterTile, timing.merge_ns, timing.merge_has_read ? "merge, read" : "merge",
         "bits / bandwidth");
    step(Component::kInterTile, timing.transfer_ns, "onward", "bits / bandwidth");
  }

  void explain_area(std::size_t index) {
    const ComputeLayer& layer = evaluation_.graph.layers[index];
    const ChipUnits& units = evaluation_.units;
    const double tiles = evaluation_.mapping.layers[index].tile_count;
    const double pes = tiles * units.pes_per_tile;
    const double adcs = pes * units.groups * units.adcs;
    const double dacs = pes * units.groups * units.dacs;
    constexpr std::string_view kTables = "digital tables";
    constexpr std::string_view kMux = "10 F^2/transistor";
    const auto part = [&](Component component, const char* what, double count, double area_um2,
                          std::string_view source) {
      add(index, component, what, count, area_um2, source);
    };
    part(Component::kCrossbar, "crossbars", pes * units.groups * units.polarity,
         units.crossbar_area_um2, "cells + drivers");
    part(Component::kAdc, "ADCs", adcs, units.adc.area_um2, "adc.area_um2");
    part(Component::kDac, "DACs", dacs, units.dac.area_um2, "dac.area_um2");
    part(Component::kAdder, "adders", pes * units.adcs * units.pe_adders, units.adder.area_um2,
         kTables);
    part(Component::kShiftRegister, "registers", adcs, units.shift_register.area_um2, kTables);
    part(Component::kInputRegister, "registers", dacs, units.reg.area_um2, kTables);
    part(Component::kOutputRegister, "registers", adcs, units.reg.area_um2, kTables);
    part(Component::kDemux, "demuxes", dacs, units.demux.area_um2, kMux);
    part(Component::kMux, "muxes", adcs, units.mux.area_um2, kMux);
    part(Component::kJointModule, "modules", tiles * units.joint_modules,
         units.joint_module.area_um2, kTables);
    part(Component::kBufferRead, "PE buffers", pes, evaluation_.buffers.pe_input.area_um2,
         "SRAM tables");
    part(Component::kBufferRead, "tile buffers", tiles, evaluation_.buffers.tile_output.area_um2,
         "SRAM tables");
    part(Component::kPooling, "units", tiles, units.pooling.area_um2, kTables);
    if (layer.kind == ComputeKind::kVector) {
      const VectorArea own = vector_area(layer, hardware_.vector_unit);
      part(Component::kVectorUnit, "lanes", own.lanes, own.lane_um2, "16-bit adder, multiplier");
      part(Component::kBufferRead, "KB", own.memory_kb, own.memory_um2 / own.memory_kb,
           "cells, half of the area");
    }
    if (!options_.corrections.accumulator || layer.kind != ComputeKind::kAdd) return;
    const Accumulator own = accumulator_of(layer, hardware_);
    part(Component::kAdder, "adders", own.adders, own.adder.area_um2, kTables);
    part(Component::kBufferRead, "bank", 1, own.bank.area_um2, "SRAM tables");
  }

  void explain_work(std::size_t index) {
    const LayerView view = layer_view(hardware_, options_, evaluation_, index);
    if (!counted_exactly(view)) {
      const ComponentValues power = layer_power(view.layer, view.mapping, view.units, view.buffers);
      add_parts(index, mnsim_parts(view, power), !options_.count_adder_energy);
    }
    if (view.layer.kind == ComputeKind::kVector) add_parts(index, vector_parts(view), false);
    add_parts(index, corrected_parts(view), false);
  }

  void add_parts(std::size_t index, const LayerParts& parts, bool adders_are_free) {
    const bool energy = explanation_.quantity == Quantity::kEnergy;
    for (const LayerPart& part : parts.list()) {
      if (energy && adders_are_free && part.component == Component::kAdder) continue;
      add(index, part.component, std::string(part.what), part.count, part.unit_w, part.source,
          energy ? part.busy_ns : 1);
    }
  }

  const nn::Network& network_;
  const hw::HardwareConfig& hardware_;
  const MnsimOptions& options_;
  const MnsimEvaluation& evaluation_;
  Explanation explanation_;
};

}  // namespace

Explanation explain_mnsim(const nn::Network& network, const hw::HardwareConfig& hardware,
                          const MnsimOptions& options, const MnsimEvaluation& evaluation,
                          Quantity quantity) {
  return MnsimExplainer(network, hardware, options, evaluation, quantity).run();
}

}  // namespace gibbon::sim
