#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "nn/importers/onnx_builder.hpp"

namespace gibbon::nn {

/// Sizes of a vision transformer for tests: images [1, 2, 4, 6] in patches of 2x2, which are six
/// tokens, of six features in two heads of three.
struct VitSizes {
  std::int64_t channels = 2;
  std::int64_t height = 4;
  std::int64_t width = 6;
  std::int64_t patch = 2;
  std::int64_t features = 6;
  std::int64_t heads = 2;
  std::int64_t hidden = 8;
  std::int64_t classes = 3;

  std::int64_t positions() const { return height / patch * (width / patch); }
};

/// Writes vision transformers in ONNX as exporters do, with random weights. Every function adds
/// nodes behind the value `from` and gives the name of what they compute.
class VitBuilder {
 public:
  using Extents = OnnxBuilder::Extents;

  explicit VitBuilder(std::uint64_t seed, VitSizes sizes = {})
      : onnx({1, sizes.channels, sizes.height, sizes.width}), size(sizes), rng_(seed) {
    onnx.model().mutable_opset_import(0)->set_version(17);
    tokens = size.positions();
  }

  /// A name that no value has.
  std::string fresh(const std::string& stem) { return fmt::format("{}{}", stem, ++names_); }

  std::string random(const Extents& extents) {
    std::size_t count = 1;
    for (const std::int64_t extent : extents) count *= static_cast<std::size_t>(extent);
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(0.5 * rng_.normal());
    const std::string name = fresh("w");
    onnx.constant(name, extents, values);
    return name;
  }
  std::string number(float value) {
    const std::string name = fresh("n");
    onnx.constant(name, {}, {value});
    return name;
  }
  std::string integers(const Extents& values) {
    const std::string name = fresh("i");
    onnx.integers(name, values);
    return name;
  }
  std::string index(std::int64_t value) {
    const std::string name = fresh("i");
    onnx.integers(name, {value}).clear_dims();
    return name;
  }

  std::string node(const std::string& type, const std::vector<std::string>& inputs) {
    const std::string name = fresh(type);
    onnx.node(type, inputs, name);
    return name;
  }
  template <typename Value>
  std::string node(const std::string& type, const std::vector<std::string>& inputs,
                   const std::string& attribute, const Value& value) {
    const std::string name = fresh(type);
    set(onnx.node(type, inputs, name), attribute, value);
    return name;
  }
  std::string reshape(const std::string& from, const Extents& target) {
    return node("Reshape", {from, integers(target)});
  }
  std::string transpose(const std::string& from, const Extents& perm) {
    return node("Transpose", {from}, "perm", perm);
  }

  /// Patches as [1, T, C].
  std::string patches() {
    const std::string weight = random({size.features, size.channels, size.patch, size.patch});
    const std::string image = fresh("patches");
    auto& conv = onnx.node("Conv", {"x", weight, random({size.features})}, image);
    set(conv, "strides", {size.patch, size.patch});
    return transpose(reshape(image, {1, size.features, size.positions()}), {0, 2, 1});
  }
  std::string with_class_token(const std::string& from) {
    tokens = size.positions() + 1;
    return node("Concat", {random({1, 1, size.features}), from}, "axis", std::int64_t{1});
  }
  std::string with_positions(const std::string& from) {
    return node("Add", {from, random({1, tokens, size.features})});
  }
  std::string embedding() { return with_positions(with_class_token(patches())); }

  std::string norm(const std::string& from) {
    return node("LayerNormalization", {from, random({size.features}), random({size.features})},
                "epsilon", 1e-6F);
  }
  /// MatMul and Add, as torch writes a linear layer of more than two dimensions.
  std::string linear(const std::string& from, std::int64_t in, std::int64_t out) {
    return node("Add", {random({out}), node("MatMul", {from, random({in, out})})});
  }
  std::string gelu(const std::string& from) {
    const std::string erf = node("Erf", {node("Div", {from, number(1.41421354F)})});
    const std::string gate = node("Add", {erf, number(1)});
    return node("Mul", {node("Mul", {from, gate}), number(0.5F)});
  }
  std::string mlp(const std::string& from) {
    return linear(gelu(linear(from, size.features, size.hidden)), size.hidden, size.features);
  }

  /// The first token of [1, T, C] to classes, "y".
  void head(const std::string& from) {
    classifier(node("Gather", {from, index(0)}, "axis", std::int64_t{1}));
  }
  void classifier(const std::string& from) {
    auto& gemm = onnx.node(
        "Gemm", {from, random({size.classes, size.features}), random({size.classes})}, "y");
    set(gemm, "transB", std::int64_t{1});
  }

  OnnxBuilder onnx;
  VitSizes size;
  std::int64_t tokens;

 private:
  base::Rng rng_;
  int names_ = 0;
};

}  // namespace gibbon::nn
