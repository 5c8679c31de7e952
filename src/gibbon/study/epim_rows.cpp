#include "gibbon/study/epim_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/epitome_quantization.hpp"
#include "gibbon/nn/mixed_precision.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"
#include "gibbon/study/epitome_search.hpp"

namespace gibbon::study {

namespace {

constexpr int kTrainedFloatBits = 9;
constexpr int kMostCopies = 4;          // of a filter
constexpr double kKeptOfUniform = 0.9;  // of its stored weights, for the accuracy's sake
constexpr double kFromScratch = 0.3;    // learning rates
constexpr double kFineTuning = 0.1;
constexpr double kRowNoiseTolerance = 1e-9;

EpimRow row(std::string name, std::string start, EpimDesign design, std::vector<int> widths,
            double epochs, double learning_rate = kFineTuning) {
  EpimRow row;
  row.name = std::move(name);
  row.start = std::move(start);
  row.design = design;
  row.widths = std::move(widths);
  row.per_crossbar = row.overlap_weighted = row.clips = true;
  row.epochs = epochs;
  row.learning_rate = learning_rate;
  return row;
}

/// Mixed widths with these parts of the quantisation; all from the same start.
EpimRow mixed_row(std::string suffix, bool per_crossbar, bool overlap_weighted, bool clips) {
  EpimRow mixed = row("mixed" + std::move(suffix), "mixed-fp32", EpimDesign::kMixed, {3, 5}, 2.5);
  mixed.per_crossbar = per_crossbar;
  mixed.overlap_weighted = overlap_weighted;
  mixed.clips = clips;
  return mixed;
}

/// The weights of a layer as a convolution's; nothing for a layer without any.
std::optional<nn::Conv> as_convolution(const nn::Layer& layer) {
  if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) return *conv;
  const auto* linear = std::get_if<nn::Linear>(&layer.parameters);
  if (linear == nullptr) return std::nullopt;
  nn::Conv conv{linear->in_features, linear->out_features, 1};
  return conv;
}

/// The plan by which a layer is stored; of a layer without an epitome, its own shape.
nn::EpitomePlan plan_of(const nn::Conv& conv, const sim::LayerStorage& storage) {
  const nn::EpitomeShape own{conv.out_channels, conv.in_channels, conv.kernel, conv.kernel};
  return nn::spread_plan(nn::weight_shape(conv), storage.epitome.value_or(own), storage.outputs);
}

sim::CrossbarSize size_of(const hw::HardwareConfig& hardware) {
  return {hardware.crossbar.rows, hardware.crossbar.columns};
}

/// What each width of a layer takes and how much it harms.
std::vector<nn::BitOption> bit_options(const nn::Conv& conv, const sim::LayerStorage& storage,
                                       const std::vector<float>& weight,
                                       const std::vector<int>& widths,
                                       const hw::HardwareConfig& hardware) {
  const nn::EpitomePlan plan = plan_of(conv, storage);
  const nn::EpitomeShape& shape = plan.epitome();
  const std::vector<float> epitome = nn::nearest_epitome(plan, weight);
  std::vector<nn::BitOption> options;
  for (const int bits : widths) {
    const int slices = sim::weight_slices(bits, hardware);
    nn::EpitomeQuantization how{bits, nn::CrossbarTiling{}, {}};
    how.per_crossbar = {hardware.crossbar.rows, hardware.crossbar.columns, slices};
    const auto quantized = nn::quantize_epitome(plan, epitome, how);
    options.push_back(
        {bits,
         sim::packed_crossbars(shape.in_channels, static_cast<long>(shape.height) * shape.width,
                               shape.out_channels, slices, size_of(hardware)),
         nn::quantization_noise(plan, epitome, quantized.values)});
  }
  return options;
}

void set_slices(std::vector<sim::LayerStorage>& storage, int slices) {
  for (sim::LayerStorage& layer : storage) layer.slices = slices;
}

}  // namespace

std::vector<EpimRow> epim_rows() {
  using enum EpimDesign;
  return {row("conv-fp32", "", kConvolutions, {32}, 10, kFromScratch),
          row("conv-longer", "conv-fp32", kConvolutions, {32}, 5, kFromScratch),
          row("conv-9-bit", "conv-longer", kConvolutions, {9}, 2.5),
          row("uniform-fp32", "conv-fp32", kUniform, {32}, 5, kFromScratch),
          row("uniform-9-bit", "uniform-fp32", kUniform, {9}, 1),
          row("uniform-mixed", "uniform-fp32", kUniform, {3, 5}, 2.5),
          row("searched-fp32", "conv-fp32", kSearched, {32}, 5, kFromScratch),
          row("searched-9-bit", "searched-fp32", kSearched, {9}, 1),
          row("searched-7-bit", "searched-9-bit", kSearched, {7}, 1),
          row("searched-5-bit", "searched-7-bit", kSearched, {5}, 1.5),
          row("searched-3-bit", "searched-5-bit", kSearched, {3}, 2.5),
          row("mixed-fp32", "conv-fp32", kMixed, {32}, 8, kFromScratch),
          mixed_row("-plain", false, false, false),
          mixed_row("-crossbar", true, false, false),
          mixed_row("-overlap", false, true, false),
          mixed_row("-both", true, true, false),
          mixed_row("-clipped", true, true, true)};
}

EpimDesigns::EpimDesigns(EpimSetting setting) : setting_(std::move(setting)) {
  const nn::EpitomeRule rule =
      nn::parse_epitome_rule(setting_.rule, setting_.hardware.crossbar.rows);
  uniform_ = sim::uniform_storage(setting_.network, sim::kFloatWeightSlices, rule);
  baseline_ = sim::count_packed_crossbars(setting_.network, shapes(EpimDesign::kConvolutions),
                                          size_of(setting_.hardware))
                  .crossbars();
  const auto budget = static_cast<long>(static_cast<double>(baseline_) / setting_.factor);
  long uniform_crossbars = 0;
  searched_ = search({kTrainedFloatBits}, 0, uniform_crossbars);
  mixed_ = search({3, 5}, budget, budget_);
}

std::vector<sim::LayerStorage> EpimDesigns::search(const std::vector<int>& widths,
                                                   long least_budget, long& budget) const {
  sim::EpitomeChoices choices;
  choices.max_wrap = kMostCopies;
  choices.rules = {nn::parse_epitome_rule(setting_.rule, setting_.hardware.crossbar.rows)};
  const sim::StorageCosts costs(setting_.network, setting_.hardware, sim::packed_model("mnsim2"),
                                choices, widths);
  EpitomeDesign uniform = uniform_design(costs, 1);
  const sim::StorageCosts::Totals totals = costs.totals(uniform);
  budget = std::max(least_budget, totals.crossbars);
  assign_widths(costs, budget, uniform);
  EpitomeSearchOptions options;
  options.objective = space::Metric::kEdp;
  options.max_crossbars = budget;
  options.min_stored_weights =
      static_cast<long>(kKeptOfUniform * static_cast<double>(totals.stored_weights));
  options.max_noise = relative_noise(costs, uniform) + kRowNoiseTolerance;
  options.seed = setting_.seed;
  return costs.storage(search_epitomes(costs, options, {uniform}).design);
}

std::vector<sim::LayerStorage> EpimDesigns::shapes(EpimDesign design) const {
  if (design == EpimDesign::kUniform) return uniform_;
  if (design == EpimDesign::kSearched) return searched_;
  if (design == EpimDesign::kMixed) return mixed_;
  return sim::uniform_storage(setting_.network, sim::kFloatWeightSlices);
}

std::vector<sim::LayerStorage> EpimDesigns::storage(const EpimRow& row,
                                                    const nn::TrainedNetwork* weights) const {
  std::vector<sim::LayerStorage> storage = shapes(row.design);
  if (!row.is_mixed()) {
    set_slices(storage, row.is_float() ? sim::kFloatWeightSlices
                                       : sim::weight_slices(row.widths.front(), setting_.hardware));
    return storage;
  }
  if (weights == nullptr) {
    throw base::Error(
        fmt::format("row '{}': mixed widths need the weights of its start", row.name));
  }
  assign_mixed_widths(row, *weights, storage);
  return storage;
}

void EpimDesigns::assign_mixed_widths(const EpimRow& row, const nn::TrainedNetwork& weights,
                                      std::vector<sim::LayerStorage>& storage) const {
  std::vector<std::size_t> layers;
  std::vector<std::vector<nn::BitOption>> options;
  for (std::size_t i = 0; i < storage.size(); ++i) {
    const auto conv = as_convolution(setting_.network.layers()[i]);
    if (!conv) continue;
    layers.push_back(i);
    options.push_back(
        bit_options(*conv, storage[i], weights.states.at(i).weight, row.widths, setting_.hardware));
  }
  const std::vector<std::size_t> chosen = nn::assign_bits(options, budget_);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    storage[layers[i]].slices = sim::weight_slices(options[i][chosen[i]].bits, setting_.hardware);
  }
}

nn::Network EpimDesigns::network(const EpimRow& row,
                                 const std::vector<sim::LayerStorage>& storage) const {
  std::vector<sim::LayerStorage> trained = storage;
  if (row.is_float()) {
    set_slices(trained, sim::weight_slices(kTrainedFloatBits, setting_.hardware));
  }
  return sim::stored_network(setting_.network, trained, setting_.hardware);
}

EpimCost EpimDesigns::cost(const std::vector<sim::LayerStorage>& storage) const {
  const auto result =
      sim::simulate_stored(setting_.network, setting_.hardware, sim::packed_model("mnsim2"),
                           sim::stored_layers(setting_.network, storage));
  if (!result) throw base::Error("with epitomes: " + result.reason());
  const long crossbars =
      sim::count_packed_crossbars(setting_.network, storage, size_of(setting_.hardware))
          .crossbars();
  return {crossbars, static_cast<double>(baseline_) / static_cast<double>(crossbars),
          sim::summarize(*result)};
}

}  // namespace gibbon::study
