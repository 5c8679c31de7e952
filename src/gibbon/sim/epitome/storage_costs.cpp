#include "gibbon/sim/epitome/storage_costs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::sim {
namespace {

constexpr int kFloatBits = 32;

/// The k x k rows of an input channel stay in one crossbar; several crossbars are filled.
int whole_crossbars(int channels, int window, int crossbar_rows) {
  const int per_crossbar = crossbar_rows / window;
  return channels <= per_crossbar ? channels : channels / per_crossbar * per_crossbar;
}

class ChoiceList {
 public:
  ChoiceList(const nn::ConvWeightShape& weight, const EpitomeChoices& limits)
      : weight_(weight), limits_(limits) {
    list_.emplace_back();
    list_.back().slices = 1;
  }

  void add(nn::EpitomeShape shape) {
    add(shape, nn::OutputBlocks::kSpread);
    // Wrapped rounds all start at the same input channels: more than the weight's stay unused.
    shape.in_channels = std::min(shape.in_channels, weight_.in_channels);
    if (shape.out_channels < weight_.out_channels) add(shape, nn::OutputBlocks::kWrapped);
  }

  std::vector<LayerStorage> take() { return std::move(list_); }

 private:
  void add(const nn::EpitomeShape& shape, nn::OutputBlocks outputs) {
    const double compression =
        static_cast<double>(weight_.elements()) / static_cast<double>(shape.elements());
    if (compression <= 1 || compression > limits_.max_compression) return;
    const bool wrapped = outputs == nn::OutputBlocks::kWrapped;
    if (wrapped && shape.out_channels * limits_.max_wrap < weight_.out_channels) return;
    const LayerStorage storage{shape, 1, outputs};
    if (std::find(list_.begin(), list_.end(), storage) == list_.end()) list_.push_back(storage);
  }

  nn::ConvWeightShape weight_;
  EpitomeChoices limits_;
  std::vector<LayerStorage> list_;
};

}  // namespace

int slices_of_width(int bits) {
  return bits == kFloatBits ? kFloatWeightSlices : quantized_weight_slices(bits);
}

MnsimOptions packed_model(std::string_view name) {
  const auto simulator = make_simulator(name);
  const auto* mnsim = dynamic_cast<const MnsimSimulator*>(simulator.get());
  if (mnsim == nullptr) {
    throw base::Error(fmt::format("the cost model '{}' knows no packed crossbars", name));
  }
  return mnsim->options();
}

base::Result<SimulationResult> simulate_stored(const nn::Network& network,
                                               const hw::HardwareConfig& hardware,
                                               const MnsimOptions& options,
                                               std::span<const StoredLayer> stored) {
  MnsimEvaluation evaluation;
  if (auto reason = evaluate_mnsim(network, hardware, options, false, evaluation, stored)) {
    return *reason;
  }
  return result_of(network, hardware, evaluation);
}

std::vector<LayerStorage> storage_choices(const nn::Conv& conv, int crossbar_rows,
                                          const EpitomeChoices& choices) {
  const nn::ConvWeightShape weight = nn::weight_shape(conv);
  ChoiceList list(weight, choices);
  if (conv.groups != 1) return list.take();
  for (const nn::EpitomeRule& rule : choices.rules) {
    if (const auto shape = nn::epitome_by_rule(weight, rule)) list.add(*shape);
  }
  const int window = conv.kernel * conv.kernel;
  for (int in = 0; in <= choices.halvings; ++in) {
    const int in_channels = whole_crossbars(weight.in_channels >> in, window, crossbar_rows);
    for (int out = 0; out <= choices.halvings; ++out) {
      const int out_channels = weight.out_channels >> out;
      if (in_channels < 1 || out_channels < 1) continue;
      const int kept = in == 0 ? weight.in_channels : in_channels;
      list.add({out_channels, kept, conv.kernel, conv.kernel});
    }
  }
  return list.take();
}

StorageCosts::StorageCosts(const nn::Network& network, const hw::HardwareConfig& hardware,
                           const MnsimOptions& options, const EpitomeChoices& choices,
                           std::vector<int> widths)
    : network_layers_(network.layers().size()),
      widths_(std::move(widths)),
      size_{hardware.crossbar.rows, hardware.crossbar.columns},
      schedule_(options.schedule) {
  build_compute_graph(network, options.input_bits, graph_);
  std::size_t most_shapes = 0;
  std::size_t entries = 0;
  for (const ComputeLayer& layer : graph_.layers) {
    variable_.push_back(layer.is_weighted() ? static_cast<int>(layers_.size()) : -1);
    if (!layer.is_weighted()) continue;
    Layer& added = layers_.emplace_back();
    added.network_index = layer.network_index;
    const auto& parameters =
        network.layers()[static_cast<std::size_t>(layer.network_index)].parameters;
    const auto* conv = std::get_if<nn::Conv>(&parameters);
    added.shapes = conv ? storage_choices(*conv, hardware.crossbar.rows, choices)
                        : std::vector<LayerStorage>(1, LayerStorage{{}, 1});
    if (conv != nullptr && conv->groups == 1) {
      for (const nn::EpitomeRule& rule : choices.rules) {
        added.rule_shapes += nn::epitome_by_rule(nn::weight_shape(*conv), rule) ? 1 : 0;
      }
    }
    first_entry_.push_back(entries);
    entries += added.shapes.size() * widths_.size();
    most_shapes = std::max(most_shapes, added.shapes.size());
  }
  entries_.resize(entries);

  MnsimEvaluation evaluation;
  for (std::size_t shape = 0; shape < most_shapes; ++shape) {
    std::vector<Choice> design;
    for (const Layer& layer : layers_) {
      design.push_back({static_cast<std::uint8_t>(std::min(shape, layer.shapes.size() - 1)), 0});
    }
    std::vector<StoredLayer> stored = stored_layers(network, storage(design));
    for (std::size_t width = 0; width < widths_.size(); ++width) {
      for (StoredLayer& layer : stored) layer.slices = slices_of_width(widths_[width]);
      const auto reason = evaluate_mnsim(network, hardware, options, false, evaluation, stored);
      if (reason) {
        throw base::Error(fmt::format("choice {} of every layer, weights of {} bits: {}", shape,
                                      widths_[width], reason->reason));
      }
      fill_entries(shape, width, evaluation);
    }
  }
}

std::size_t StorageCosts::entry_index(std::size_t layer, Choice choice) const {
  return first_entry_[layer] + choice.shape * widths_.size() + choice.width;
}

const StorageCosts::Entry& StorageCosts::entry(std::size_t layer, Choice choice) const {
  return entries_[entry_index(layer, choice)];
}

void StorageCosts::fill_entries(std::size_t shape, std::size_t width,
                                const MnsimEvaluation& evaluation) {
  fixed_timings_ = evaluation.timings;
  fixed_energy_nj_ = 0;
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
    const double energy = evaluation.figures[i].energy_nj.sum();
    if (variable_[i] < 0) {
      fixed_energy_nj_ += energy;
      continue;
    }
    const auto layer = static_cast<std::size_t>(variable_[i]);
    if (shape >= layers_[layer].shapes.size()) continue;
    const LayerMapping& mapped = evaluation.mapping.layers[i];
    Entry& entry = entries_[entry_index(
        layer, {static_cast<std::uint8_t>(shape), static_cast<std::uint8_t>(width)})];
    entry.position_ns = evaluation.timings[i].position_ns;
    entry.energy_nj = energy;
    entry.crossbars = mapped.pe_count;
    entry.stored_weights = static_cast<long>(mapped.used_cells / mapped.column_slices);
  }
}

StorageCosts::Totals StorageCosts::totals(std::span<const Choice> design) const {
  thread_local Timeline timeline;
  std::vector<LayerTiming> timings = fixed_timings_;
  Totals totals;
  totals.energy_nj = fixed_energy_nj_;
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
    if (variable_[i] < 0) continue;
    const auto layer = static_cast<std::size_t>(variable_[i]);
    const Entry& chosen = entry(layer, design[layer]);
    timings[i].position_ns = chosen.position_ns;
    totals.energy_nj += chosen.energy_nj;
    totals.crossbars += chosen.crossbars;
    totals.stored_weights += chosen.stored_weights;
  }
  run_schedule(graph_, timings, schedule_, false, timeline);
  totals.latency_ns = timeline.latest_finish();
  return totals;
}

std::vector<LayerStorage> StorageCosts::storage(std::span<const Choice> design) const {
  std::vector<LayerStorage> result(network_layers_);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerStorage& stored = result[static_cast<std::size_t>(layers_[i].network_index)];
    stored = layers_[i].shapes[design[i].shape];
    stored.slices = slices_of_width(widths_[design[i].width]);
  }
  return result;
}

}  // namespace gibbon::sim
