#include "gibbon/sim/epitome/epitome_layer.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

StoredLayer stored_layer(const nn::Layer& layer, const LayerStorage& storage) {
  StoredLayer stored;
  stored.slices = storage.slices;
  if (!storage.epitome) return stored;
  const auto* conv = std::get_if<nn::Conv>(&layer.parameters);
  if (conv == nullptr) throw base::Error("only a convolution can be an epitome");
  if (conv->groups != 1) {
    throw base::Error(
        fmt::format("{} groups; only ungrouped convolutions can be epitomes", conv->groups));
  }
  stored.plan = nn::spread_plan(nn::weight_shape(*conv), *storage.epitome, storage.outputs);
  stored.reuses = storage.outputs == nn::OutputBlocks::kWrapped;
  return stored;
}

}  // namespace

base::Result<EpitomeLayer> epitome_layer(const ComputeLayer& layer, const LayerMapping& mapped,
                                         const StoredLayer& stored,
                                         const hw::HardwareConfig& hardware, const ChipUnits& units,
                                         ScheduleMode mode, const Corrections& corrections) {
  const auto tables = index_tables(stored, hardware.chip);
  if (!tables) return base::Infeasible{tables.reason()};
  EpitomeLayer epitome;
  epitome.tables = *tables;
  epitome.lookup_nj = tables->lookup_nj();
  epitome.accumulators = static_cast<double>(mapped.pe_count) * units.adcs;
  epitome.rounds = layer_rounds(layer, mapped, stored, hardware, *tables);
  for (const LayerRound& round : epitome.rounds) {
    epitome.timings.push_back(
        time_layer(round.layer, round.mapping, units, mode, corrections, round.role));
  }
  return epitome;
}

LayerTiming total_timing(const EpitomeLayer& epitome) {
  LayerTiming total = epitome.timings.front();
  for (std::size_t i = 1; i < epitome.timings.size(); ++i) total += epitome.timings[i];
  return total;
}

double accumulating_modules(const LayerRound& round, const ChipUnits& units) {
  if (!round.role.accumulates) return 0;
  return static_cast<double>(round.mapping.pe_count) *
         static_cast<double>(ceil_div(round.mapping.columns, units.mux_ratio));
}

std::vector<StoredLayer> stored_layers(const nn::Network& network,
                                       std::span<const LayerStorage> storage) {
  const std::vector<nn::Layer>& layers = network.layers();
  if (storage.size() != layers.size()) {
    throw base::Error(fmt::format("network '{}' has {} layers, storage is given for {}",
                                  network.description().name, layers.size(), storage.size()));
  }
  std::vector<StoredLayer> stored;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    try {
      stored.push_back(stored_layer(layers[i], storage[i]));
    } catch (const base::Error& error) {
      throw base::Error(fmt::format("layer '{}': {}", layers[i].name, error.what()));
    }
  }
  return stored;
}

}  // namespace gibbon::sim
