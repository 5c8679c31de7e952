#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <string>
#include <vector>

#include "gibbon/nn/trained_network.hpp"
#include "gibbon/train/trainers/path.hpp"

namespace gibbon::train {

/// The tensors of a trained network, weights quantised or real, statistics and ranges as they are
/// stored. Throws base::Error naming a layer whose arrays have the wrong size.
Path frozen_path(const nn::TrainedNetwork& trained, const std::string& device,
                 bool quantize = true);

/// Writes the real weights of a Conv or Linear and their grid into `state`.
void describe_weight(const nn::Layer& layer, const LayerTensors& tensors, nn::LayerState& state);

/// Copies batch norms' running statistics and output ranges into a path of the same network.
void take_statistics(const nn::TrainedNetwork& trained, Path& path);

/// The trained network that a path stands for: real weights, statistics, ranges and grids.
nn::TrainedNetwork to_trained(const Path& path);

/// One layer of frozen_path, on the processor.
LayerTensors frozen_layer(const nn::Layer& layer, const nn::Shape& output,
                          const nn::LayerState& state, bool quantize);

/// An array of a layer as a tensor. Throws base::Error naming the layer and `what` it lacks values
/// of, or has too many.
at::Tensor array_tensor(const nn::Layer& layer, const char* what, const std::vector<float>& values,
                        const std::vector<std::int64_t>& shape);
/// The shape of a convolution's weight as a trained network holds it.
std::vector<std::int64_t> kernel_shape(const nn::Conv& conv);

}  // namespace gibbon::train
