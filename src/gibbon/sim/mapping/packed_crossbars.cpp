#include "gibbon/sim/mapping/packed_crossbars.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {

namespace {

/// A stored weight as a matrix: `channels` groups of `window` rows that stay together.
struct StoredMatrix {
  long channels = 0;
  long window = 0;
  long columns = 0;

  long elements() const { return channels * window * columns; }
};

StoredMatrix conv_matrix(const nn::Conv& conv, const std::optional<nn::EpitomeShape>& epitome) {
  if (conv.groups != 1) {
    throw base::Error(
        fmt::format("{} groups; only ungrouped convolutions are counted", conv.groups));
  }
  if (epitome) {
    return {epitome->in_channels, static_cast<long>(epitome->height) * epitome->width,
            epitome->out_channels};
  }
  return {conv.in_channels, static_cast<long>(conv.kernel) * conv.kernel, conv.out_channels};
}

std::optional<StoredMatrix> matrix_of(const nn::Layer& layer, const LayerStorage& storage) {
  if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) {
    return conv_matrix(*conv, storage.epitome);
  }
  if (storage.epitome) throw base::Error("only a convolution can be an epitome");
  if (const auto* linear = std::get_if<nn::Linear>(&layer.parameters)) {
    return StoredMatrix{linear->in_features, 1, linear->out_features};
  }
  return std::nullopt;
}

std::optional<LayerCrossbars> count_layer(const nn::Layer& layer, int index,
                                          const LayerStorage& storage, const CrossbarSize& size) {
  try {
    const auto matrix = matrix_of(layer, storage);
    if (!matrix) return std::nullopt;
    return LayerCrossbars{
        index, layer.name, matrix->elements(),
        packed_crossbars(matrix->channels, matrix->window, matrix->columns, storage.slices, size),
        matrix->elements() * storage.slices};
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("layer '{}': {}", layer.name, error.what()));
  }
}

}  // namespace

int quantized_weight_slices(int bits) {
  if (bits < 2 || bits > 16) {
    throw base::Error(fmt::format("weights of {} bits, allowed are 2 to 16", bits));
  }
  return bits - 1;
}

long NetworkCrossbars::crossbars() const {
  long sum = 0;
  for (const LayerCrossbars& layer : layers) sum += layer.crossbars;
  return sum;
}

long NetworkCrossbars::stored_weights() const {
  long sum = 0;
  for (const LayerCrossbars& layer : layers) sum += layer.stored_weights;
  return sum;
}

double NetworkCrossbars::utilization() const {
  long used = 0;
  for (const LayerCrossbars& layer : layers) used += layer.used_cells;
  const long cells = crossbars() * size.cells();
  return cells == 0 ? 0 : static_cast<double>(used) / static_cast<double>(cells);
}

long packed_crossbars(long channels, long window, long columns, int slices,
                      const CrossbarSize& size) {
  if (channels < 1 || window < 1 || columns < 1 || slices < 1) {
    throw base::Error(
        fmt::format("{} channels of {} rows, {} columns and {} slices: all must be "
                    "positive",
                    channels, window, columns, slices));
  }
  if (size.rows < 1 || size.columns < 1) {
    throw base::Error(fmt::format("crossbars of {}x{} are not positive", size.rows, size.columns));
  }
  if (window > size.rows) {
    throw base::Error(
        fmt::format("the {} rows of a channel do not fit the {} of a crossbar", window, size.rows));
  }
  return ceil_div(channels, size.rows / window) * ceil_div(columns * slices, size.columns);
}

NetworkCrossbars count_packed_crossbars(const nn::Network& network,
                                        std::span<const LayerStorage> storage,
                                        const CrossbarSize& size) {
  const std::vector<nn::Layer>& layers = network.layers();
  if (storage.size() != layers.size()) {
    throw base::Error(fmt::format("network '{}' has {} layers, storage is given for {}",
                                  network.description().name, layers.size(), storage.size()));
  }
  NetworkCrossbars count{size, {}};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto layer = count_layer(layers[i], static_cast<int>(i), storage[i], size);
    if (layer) count.layers.push_back(*layer);
  }
  return count;
}

std::vector<LayerStorage> uniform_storage(const nn::Network& network, int slices,
                                          const std::optional<nn::EpitomeRule>& rule) {
  std::vector<LayerStorage> storage;
  for (const nn::Layer& layer : network.layers()) {
    LayerStorage& stored = storage.emplace_back(LayerStorage{std::nullopt, slices});
    const auto* conv = std::get_if<nn::Conv>(&layer.parameters);
    if (conv != nullptr && rule) {
      stored.epitome = nn::epitome_by_rule(nn::weight_shape(*conv), *rule);
    }
  }
  return storage;
}

}  // namespace gibbon::sim
