#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "gibbon/nn/importers/onnx.hpp"
#include "nn/importers/onnx/plain_graph.hpp"
#include "nn/importers/onnx/plain_network.hpp"
#include "nn/importers/onnx/vit_builder.hpp"

namespace gibbon::nn {

/// Nodes behind a value, and what they give.
using VitPart = std::function<std::string(VitBuilder&, const std::string&)>;

inline TrainedNetwork import_vit(const VitBuilder& vit) {
  return parse_onnx(vit.onnx.bytes(), "vit.onnx");
}

inline std::vector<std::string> vit_types(const TrainedNetwork& trained) {
  std::vector<std::string> types;
  for (const Layer& layer : trained.network.layers()) {
    types.emplace_back(type_name(layer.parameters));
  }
  return types;
}

inline int count_of(const TrainedNetwork& trained, const std::string& type) {
  const std::vector<std::string> types = vit_types(trained);
  return static_cast<int>(std::count(types.begin(), types.end(), type));
}

/// The index of the first layer of that name.
inline std::size_t find_layer(const TrainedNetwork& trained, const std::string& name) {
  const auto& layers = trained.network.layers();
  std::size_t index = 0;
  while (layers.at(index).name != name) ++index;
  return index;
}

/// The first layer of a type.
template <typename Parameters>
const Parameters& first_of(const TrainedNetwork& trained) {
  for (const Layer& layer : trained.network.layers()) {
    if (const auto* found = std::get_if<Parameters>(&layer.parameters)) return *found;
  }
  throw std::logic_error("no such layer");
}

/// Compares graph and network for a random image, both computed plainly.
inline TrainedNetwork expect_same_function(VitBuilder& vit) {
  TrainedNetwork trained = import_vit(vit);
  base::Rng rng(11);
  const Shape input = trained.network.input();
  std::vector<double> image(static_cast<std::size_t>(input.elements()));
  for (double& value : image) value = rng.normal();
  const std::vector<double> expected =
      PlainGraph(vit.onnx.graph()).run({1, input.channels, input.height, input.width}, image);
  const std::vector<double> result = PlainNetwork(trained).run(image);
  EXPECT_EQ(result.size(), expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(result.at(i), expected[i], 1e-6) << "class " << i;
    largest = std::max(largest, std::abs(expected[i]));
  }
  EXPECT_GT(largest, 0.01);
  return trained;
}

}  // namespace gibbon::nn
