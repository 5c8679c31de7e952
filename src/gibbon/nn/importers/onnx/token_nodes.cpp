#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gibbon/nn/importers/onnx/dimensions.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/shapes.hpp"

namespace gibbon::nn::onnx {

namespace {

/// Of a constant, with as many dimensions as what it is joined with; nothing where it has more.
Extents aligned_extents(const TensorProto& tensor, std::size_t rank) {
  Extents extents = extents_of(tensor);
  if (extents.size() > rank) return {};
  extents.insert(extents.begin(), rank - extents.size(), 1);
  return extents;
}

/// Token after token, each with all its features in their order.
bool is_token_rows(const View& view) {
  View::Dimension atoms;
  for (std::size_t d = 0; d < view.rank(); ++d) {
    atoms.insert(atoms.end(), view[d].begin(), view[d].end());
  }
  View::Dimension rows = View::whole(Axis::kTokens, view.count(Axis::kTokens));
  const View::Dimension features = View::whole(Axis::kFeatures, view.count(Axis::kFeatures));
  rows.insert(rows.end(), features.begin(), features.end());
  return View({atoms}) == View({rows});
}

}  // namespace

PendingLayer NodeAdder::tokens_of(const Value& in) {
  require_whole(in);
  if (!is_token_rows(in.view)) {
    throw Unsupported(fmt::format("{} is not a row of features for each token", shape_text(in)));
  }
  const bool is_open = in.pending && in.pending->layer == kUnwritten && !in.shift &&
                       std::holds_alternative<Tokens>(in.pending->parameters);
  if (is_open) return *in.pending;
  PendingLayer tokens;
  tokens.parameters = Tokens{false};
  Value source = in;
  const auto rows = static_cast<std::size_t>(in.view.count(Axis::kTokens));
  if (in.shift && in.shift->layer == kUnwritten) {
    // (x + bias) + positions = x + (bias + positions).
    source.shift = nullptr;
    for (std::size_t row = 0; row < rows; ++row) {
      tokens.state.weight.insert(tokens.state.weight.end(), in.shift->values.begin(),
                                 in.shift->values.end());
    }
  } else {
    tokens.state.weight.assign(rows * static_cast<std::size_t>(in.shape.channels), 0);
  }
  tokens.inputs = {layers_.layer_of(source)};
  return tokens;
}

void NodeAdder::set_tokens(PendingLayer tokens, View view) {
  tokens.name = name_of(node_);
  const Shape out{static_cast<int>(view.count(Axis::kFeatures)),
                  static_cast<int>(view.count(Axis::kTokens)), 1};
  set_pending(std::move(tokens), out, std::move(view));
}

bool NodeAdder::is_positions(const TensorProto& tensor, const Value& in) const {
  if (in.is_image() || in.is_vector() || in.view.count(Axis::kTokens) == 1) return false;
  return aligned_extents(tensor, in.view.rank()) == in.view.extents();
}

void NodeAdder::add_positions(const TensorProto& tensor, const Value& in) {
  const std::vector<float> values = floats_of(tensor);
  PendingLayer tokens = tokens_of(in);
  for (std::size_t i = 0; i < values.size(); ++i) tokens.state.weight[i] += values[i];
  set_tokens(std::move(tokens), in.view);
}

void NodeAdder::operator()(const ClassTokenNode& token) {
  const Value& in = value(1);
  const std::size_t axis = dimension_of(node_, token.axis, in.view.rank());
  Extents needed = in.view.extents();
  needed[axis] = 1;
  if (!in.view.holds(axis, Axis::kTokens) || extents_of(*token.token) != needed) {
    throw Unsupported(fmt::format(
        "it joins a constant of {} and {}; one class token before all others is supported",
        to_text(extents_of(*token.token)), shape_text(in)));
  }
  const std::int64_t count = in.view.count(Axis::kTokens) + 1;
  require_elements(node_, in.shape.channels, count);
  PendingLayer tokens = tokens_of(in);
  if (std::get<Tokens>(tokens.parameters).class_token) {
    throw Unsupported("it is a second class token, one is supported");
  }
  tokens.parameters = Tokens{true};
  tokens.state.gamma = floats_of(*token.token);
  tokens.state.weight.insert(tokens.state.weight.begin(), tokens.state.gamma.size(), 0);
  set_tokens(std::move(tokens), in.view.replaced(axis, View::whole(Axis::kTokens, count)));
}

void NodeAdder::operator()(const MeanNode& mean) {
  const Value& in = value(0);
  std::vector<std::size_t> dimensions;
  for (const std::int64_t axis : mean.axes) {
    dimensions.push_back(dimension_of(node_, axis, in.view.rank()));
  }
  std::sort(dimensions.begin(), dimensions.end());
  dimensions.erase(std::unique(dimensions.begin(), dimensions.end()), dimensions.end());
  add_mean(in, dimensions, mean.keeps_dimensions);
}

void NodeAdder::add_mean(const Value& in, const std::vector<std::size_t>& dimensions,
                         bool keeps_dimensions) {
  std::int64_t averaged = 1;
  bool are_positions = true;
  View view = in.view;
  for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
    for (const Atom& atom : in.view[*d]) {
      are_positions = are_positions && atom.axis == Axis::kTokens;
      averaged *= atom.size;
    }
    view = keeps_dimensions ? view.replaced(*d, {}) : view.erased(*d);
  }
  if (!are_positions || averaged != in.view.count(Axis::kTokens)) {
    throw Unsupported(fmt::format(
        "its mean of {} is not one over all tokens or positions of each channel; layer norms are "
        "supported as one node, which opset 17 has",
        shape_text(in)));
  }
  Pool pool;
  pool.mode = PoolMode::kGlobalAverage;
  pool.kernel = pool.stride = std::max(in.shape.height, in.shape.width);
  pool.activation_bits = layers_.options().activation_bits;
  add_plain(pool, in, {in.shape.channels, 1, 1}, std::move(view));
}

}  // namespace gibbon::nn::onnx
