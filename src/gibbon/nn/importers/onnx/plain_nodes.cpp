#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/shapes.hpp"

namespace gibbon::nn::onnx {

namespace {

/// "3x32x32" of an image, "64" of a vector, "[1, 5, 8]" of a sequence.
std::string size_text(const Value& value) {
  const Shape& shape = value.shape;
  if (value.is_vector()) return fmt::format("{}", shape.channels);
  if (!value.is_image()) return shape_text(value);
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

}  // namespace

void NodeAdder::operator()(const PoolNode& pool) {
  if (pool.mode == PoolMode::kGlobalAverage && value(0).view.rank() > 2) {
    std::vector<std::size_t> dimensions;
    for (std::size_t d = 2; d < value(0).view.rank(); ++d) dimensions.push_back(d);
    add_mean(value(0), dimensions, true);
    return;
  }
  const Value& in = image(0);
  Pool layer;
  layer.mode = pool.mode;
  layer.activation_bits = layers_.options().activation_bits;
  layer.kernel = pool.window.kernel;
  layer.stride = pool.window.stride;
  layer.padding = padding_of(pool.window, in.shape);
  if (pool.mode == PoolMode::kAverage && layer.padding > 0 && !pool.counts_padding) {
    throw Unsupported("an average over padded windows needs count_include_pad");
  }
  const Shape out = output_of(node_, pool.window, layer.padding, in.shape.channels, in.shape);
  add_plain(layer, in, out, View::image(out));
}

void NodeAdder::operator()(const ClipNode& clip) {
  const Value& in = value(0);
  const int bits = layers_.options().activation_bits;
  LayerState state;
  state.output = {bits, clip.range / ((1 << (bits - 1)) - 1)};
  int source = layers_.layer_of(in);
  std::string name = name_of(node_);
  if (clip.is_positive) {
    source = layers_.add(name, Relu{}, {source}, {});
    name += "_limit";
  }
  const int layer = layers_.add(name, HardTanh{bits, clip.range}, {source}, std::move(state));
  set_output({layer, in.shape, in.view});
}

void NodeAdder::operator()(const SumNode&) {
  const Value& first = value(0);
  const Value& second = value(1);
  if (first.view.extents() != second.view.extents()) {
    throw base::Error(
        fmt::format("{}: results of {} and {} cannot be added; equal shapes are supported",
                    describe(node_), size_text(first), size_text(second)));
  }
  if (first.shape != second.shape || first.view != second.view) {
    throw Unsupported(fmt::format("results of {} lie in their layers' outputs in different ways",
                                  shape_text(first)));
  }
  const int first_layer = layers_.layer_of(first);
  const int second_layer = layers_.layer_of(second);
  add_layer(Add{first.shape.channels, layers_.options().activation_bits},
            {first_layer, second_layer}, {}, first.shape, first.view);
}

void NodeAdder::operator()(const ConcatNode& concat) {
  const Value& first = value(0);
  if (!first.is_image() && !first.is_vector()) {
    throw Unsupported(
        fmt::format("it joins {}; images, vectors, and a constant class token with "
                    "tokens are supported",
                    shape_text(first)));
  }
  const std::int64_t rank = first.is_image() ? 4 : 2;
  if (concat.axis != 1 && concat.axis != 1 - rank) {
    throw Unsupported(fmt::format("axis is {}, 1 (channels) is supported", concat.axis));
  }
  Shape joined = first.shape;
  std::vector<int> layers = {layers_.layer_of(first)};
  for (int index = 1; index < node_.input_size(); ++index) {
    const Value& in = value(index);
    const Shape& shape = in.shape;
    if (in.is_image() != first.is_image() || in.is_vector() != first.is_vector() ||
        shape.height != first.shape.height || shape.width != first.shape.width) {
      throw base::Error(fmt::format("{}: results of {} and {} cannot be concatenated",
                                    describe(node_), size_text(first), size_text(in)));
    }
    joined.channels += shape.channels;
    require_size(node_, joined);
    layers.push_back(layers_.layer_of(in));
  }
  if (layers.size() == 1) {
    set_output(first);
    return;
  }
  LayerState state;
  state.output = layers_.grid_of_all(layers);
  add_layer(Concat{}, std::move(layers), std::move(state), joined,
            first.is_image() ? View::image(joined) : View::vector(joined.channels));
}

}  // namespace gibbon::nn::onnx
