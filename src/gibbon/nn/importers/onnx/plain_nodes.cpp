#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/shapes.hpp"

namespace gibbon::nn::onnx {

namespace {

std::string size_text(const Value& value) {
  const Shape& shape = value.shape;
  if (!value.is_image()) return fmt::format("{}", shape.channels);
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

}  // namespace

void NodeAdder::operator()(const PoolNode& pool) {
  const Value& in = image(0);
  Pool layer;
  layer.mode = pool.mode;
  layer.activation_bits = layers_.options().activation_bits;
  if (pool.mode == PoolMode::kGlobalAverage) {
    layer.kernel = layer.stride = std::max(in.shape.height, in.shape.width);
    const Shape pooled{in.shape.channels, 1, 1};
    add_plain(layer, in, pooled, View::image(pooled));
    return;
  }
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
  set_output({layer, in.shape, in.view, nullptr});
}

void NodeAdder::operator()(const SumNode&) {
  const Value& first = value(0);
  const Value& second = value(1);
  if (first.shape != second.shape || first.view != second.view) {
    throw base::Error(fmt::format(
        "{}: results of {}x{}x{} and {}x{}x{} cannot be added; equal shapes are supported",
        describe(node_), first.shape.channels, first.shape.height, first.shape.width,
        second.shape.channels, second.shape.height, second.shape.width));
  }
  const int first_layer = layers_.layer_of(first);
  const int second_layer = layers_.layer_of(second);
  add_layer(Add{first.shape.channels, layers_.options().activation_bits},
            {first_layer, second_layer}, {}, first.shape, first.view);
}

void NodeAdder::operator()(const ConcatNode& concat) {
  const Value& first = value(0);
  const std::int64_t rank = first.is_image() ? 4 : 2;
  if (concat.axis != 1 && concat.axis != 1 - rank) {
    throw Unsupported(fmt::format("axis is {}, 1 (channels) is supported", concat.axis));
  }
  Shape joined = first.shape;
  std::vector<int> layers = {layers_.layer_of(first)};
  for (int index = 1; index < node_.input_size(); ++index) {
    const Value& in = value(index);
    const Shape& shape = in.shape;
    if (in.is_image() != first.is_image() || shape.height != first.shape.height ||
        shape.width != first.shape.width) {
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

void NodeAdder::operator()(const ReshapeNode& reshape) {
  const Value& in = value(0);
  const std::vector<std::int64_t> target = integers_of(*reshape.shape);
  if (keeps_shape(target, in.shape, in.is_image())) {
    set_output(in);
  } else if (makes_vector(target, in.shape, in.is_image())) {
    flatten(in);
  } else {
    throw Unsupported(fmt::format(
        "it makes {} of {} channels of {}x{}; only [1, all] is supported, as Flatten does",
        to_text(target), in.shape.channels, in.shape.height, in.shape.width));
  }
}

}  // namespace gibbon::nn::onnx
