#include <cmath>
#include <numbers>
#include <utility>

#include "gibbon/nn/importers/onnx/node_adder.hpp"

namespace gibbon::nn::onnx {

namespace {

/// Of the factor 1 / sqrt(2), which may be written with few digits.
constexpr double kRootTolerance = 1e-4;

/// Whether the same layer's numbers lie in two values in the same way, whatever their factors.
bool is_same(const Value& a, const Value& b) {
  return a.layer == b.layer && a.pending == b.pending && a.shift == b.shift && a.view == b.view;
}

}  // namespace

void NodeAdder::operator()(const ErfNode&) {
  Value out = value(0);
  const bool is_by_root = std::abs(out.factor * std::numbers::sqrt2 - 1) <= kRootTolerance;
  if (!is_by_root || out.part != GeluPart::kNone) {
    throw Unsupported("it is supported in GELU, of x / sqrt(2), only");
  }
  out.factor = 1;
  out.part = GeluPart::kErf;
  set_output(std::move(out));
}

void NodeAdder::add_one_to_erf(const TensorProto& tensor, const Value& in) {
  const std::vector<float> values = floats_of(tensor);
  const bool is_one = values.size() == 1 && values.front() == 1 && in.factor == 1;
  if (!is_one) throw Unsupported("to erf(x / sqrt(2)) only 1 is added in GELU");
  Value out = in;
  out.part = GeluPart::kErfPlusOne;
  set_output(std::move(out));
}

void NodeAdder::operator()(const GateNode&) {
  const Value* data = &value(0);
  const Value* gate = &value(1);
  if (data->part != GeluPart::kNone) std::swap(data, gate);
  const bool is_gelu =
      data->part == GeluPart::kNone && gate->part == GeluPart::kErfPlusOne && is_same(*data, *gate);
  if (!is_gelu) throw Unsupported("products of two results are supported in GELU only");
  Value plain = *data;
  plain.factor = 1;
  PendingLayer gelu;
  gelu.name = name_of(node_);
  gelu.parameters = Gelu{};
  gelu.inputs = {layers_.layer_of(plain)};
  // x (1 + erf(x / sqrt(2))) is twice GELU.
  set_pending(std::move(gelu), data->shape, data->view, 2 * data->factor * gate->factor);
}

}  // namespace gibbon::nn::onnx
