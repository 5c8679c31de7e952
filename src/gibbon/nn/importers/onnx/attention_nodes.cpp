#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "gibbon/nn/importers/onnx/dimensions.hpp"
#include "gibbon/nn/importers/onnx/head_product.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/shapes.hpp"

namespace gibbon::nn::onnx {

namespace {

void require_factor(double factor) {
  if (factor > 0 && std::isfinite(factor)) return;
  throw Unsupported(fmt::format("its factors come to {}, positive numbers are supported", factor));
}

}  // namespace

void NodeAdder::operator()(const ScaleNode& scale) {
  Value out = value(scale.data);
  if (scale.rank > out.view.rank()) {
    throw Unsupported(
        fmt::format("its constant has {} dimensions, its input {}", scale.rank, out.view.rank()));
  }
  const bool is_product = out.pending && !out.shift && out.part == GeluPart::kNone &&
                          std::holds_alternative<MatMul>(out.pending->parameters);
  if (is_product) {
    PendingLayer scaled = *out.pending;
    scaled.layer = kUnwritten;
    double& factor = std::get<MatMul>(scaled.parameters).scale;
    factor *= scale.factor;
    require_factor(factor);
    set_pending(std::move(scaled), out.shape, out.view);
    return;
  }
  out.factor *= scale.factor;
  require_factor(out.factor);
  set_output(std::move(out));
}

void NodeAdder::operator()(const MatrixProductNode&) {
  Value first = value(0);
  Value second = value(1);
  const auto found = match_head_product(first.view, second.view);
  if (!found || first.shape.width != 1 || second.shape.width != 1) {
    throw Unsupported(fmt::format(
        "{} times {} is no product of tokens' queries and keys, or of scores and values, head by "
        "head",
        shape_text(first), shape_text(second)));
  }
  const double factor = std::exchange(first.factor, 1) * std::exchange(second.factor, 1);
  require_factor(factor);
  const std::int64_t features = found->result.count(Axis::kFeatures);
  require_elements(node_, features, first.shape.height);
  PendingLayer product;
  product.name = name_of(node_);
  product.parameters = MatMul{static_cast<int>(found->heads), found->transposed, factor,
                              layers_.options().activation_bits};
  product.inputs = {layers_.layer_of(first, found->transposed ? "query" : "scores"),
                    layers_.layer_of(second, found->transposed ? "key" : "value")};
  set_pending(std::move(product), {static_cast<int>(features), first.shape.height, 1},
              found->result);
}

void NodeAdder::operator()(const SoftmaxNode& softmax) {
  const Value& in = value(0);
  const std::size_t axis = dimension_of(node_, softmax.axis, in.view.rank());
  const std::int64_t length = in.view.extent(axis);
  if (axis + 1 != in.view.rank() || in.view[axis] != View::whole(Axis::kFeatures, length)) {
    throw Unsupported(fmt::format(
        "axis is {} of {}; supported are the last node, and the last axis of scores or features",
        softmax.axis, shape_text(in)));
  }
  const int groups = static_cast<int>(in.view.count(Axis::kFeatures) / length);
  add_plain(Softmax{groups}, in);
}

}  // namespace gibbon::nn::onnx
