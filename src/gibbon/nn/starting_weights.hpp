#pragma once

#include <filesystem>

#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn {

/// A trained network from a file: .onnx (importers/onnx.hpp), else one that save() wrote.
TrainedNetwork load_trained_file(const std::filesystem::path& path);

/// `network` with the numbers of another network of its shape. Layers with weights, layer norms and
/// tokens are matched by their names where `source` has all of them, else in the order in which the
/// layers lie before the output, so that names do not matter. Batch norms are matched likewise;
/// where `source` has another number of them, those of `network` begin with factor 1 and shift 0.
/// A bias is the source's of its name, else the one behind the matched layer, else 0. Grids, ranges
/// and statistics are not taken. Throws base::Error naming both layers where their shapes differ,
/// or both numbers of layers.
TrainedNetwork with_weights_of(const Network& network, const TrainedNetwork& source);

}  // namespace gibbon::nn
