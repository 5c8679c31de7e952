#include <fmt/format.h>

#include <memory>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/dimensions.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"

namespace gibbon::nn::onnx {

namespace {

/// The rows of a linear layer's weights that give some of its features.
PendingLayer part_of(const PendingLayer& whole, const std::vector<float>& weight,
                     const std::vector<std::int64_t>& features) {
  PendingLayer part{whole.name, whole.parameters, whole.inputs, {}, true};
  Conv& conv = std::get<Conv>(part.parameters);
  conv.out_channels = static_cast<int>(features.size());
  for (const std::int64_t feature : features) {
    const auto row = weight.begin() + feature * conv.in_channels;
    part.state.weight.insert(part.state.weight.end(), row, row + conv.in_channels);
  }
  return part;
}

std::shared_ptr<Shift> part_of(const Shift& whole, const std::vector<std::int64_t>& features) {
  auto part = std::make_shared<Shift>();
  part->name = whole.name;
  for (const std::int64_t feature : features) {
    part->values.push_back(whole.values[static_cast<std::size_t>(feature)]);
  }
  return part;
}

/// Equal sizes, rounded up but for the last one.
Extents even_sizes(std::int64_t extent, std::size_t parts) {
  const auto count = static_cast<std::int64_t>(parts);
  Extents sizes(parts, (extent + count - 1) / count);
  sizes.back() = extent - (count - 1) * sizes.front();
  return sizes;
}

/// Whether positive sizes sum up to an extent.
bool is_division(const Extents& sizes, std::int64_t extent) {
  for (const std::int64_t size : sizes) {
    if (size < 1 || size > extent) return false;
    extent -= size;
  }
  return extent == 0;
}

}  // namespace

void NodeAdder::operator()(const FlattenNode&) {
  const Value& in = value(0);
  if (in.is_vector() || in.view.rank() == 0) {
    set_output(in);
    return;
  }
  const Extents extents = in.view.extents();
  reshape_to(in, {extents.front(), in.view.elements() / extents.front()});
}

void NodeAdder::operator()(const ReshapeNode& reshape) {
  const Value& in = value(0);
  const auto extents = reshaped_extents(reshape.target, in.view.extents());
  if (!extents) {
    throw Unsupported(fmt::format(
        "it makes {} of {} channels of {}x{}; only [1, all] is supported, as Flatten does, and "
        "what keeps all elements of images and tokens",
        to_text(reshape.target), in.shape.channels, in.shape.height, in.shape.width));
  }
  reshape_to(in, *extents);
}

void NodeAdder::reshape_to(const Value& in, const Extents& extents) {
  Value out = in;
  if (extents == in.view.extents()) {
    set_output(std::move(out));
    return;
  }
  const auto view = in.view.reshaped(extents);
  if (!view) {
    throw Unsupported(fmt::format("it makes {} of {}, which splits tokens or features unevenly",
                                  to_text(extents), shape_text(in)));
  }
  out.view = *view;
  const int elements = static_cast<int>(in.view.elements());
  // A layer's output lies channel by channel, and so it is flattened.
  View::Dimension flat = View::whole(Axis::kFeatures, in.view.count(Axis::kFeatures));
  const View::Dimension positions = View::whole(Axis::kTokens, in.view.count(Axis::kTokens));
  flat.insert(flat.end(), positions.begin(), positions.end());
  const bool is_flattened = *view == View({{}, flat});
  if (is_flattened && (in.is_image() || !positions.empty())) {
    add_plain(Flatten{}, in, {elements, 1, 1}, View::vector(elements));
    return;
  }
  set_output(std::move(out));
}

void NodeAdder::operator()(const TransposeNode& transpose) {
  Value out = value(0);
  out.view = out.view.transposed(permutation_of(node_, transpose.perm, out.view.rank()));
  set_output(std::move(out));
}

void NodeAdder::operator()(const SqueezeNode& squeeze) {
  Value out = value(0);
  const auto dropped = squeezed_dimensions(node_, squeeze.axes, out.view.extents());
  for (auto d = dropped.rbegin(); d != dropped.rend(); ++d) out.view = out.view.erased(*d);
  set_output(std::move(out));
}

void NodeAdder::operator()(const UnsqueezeNode& unsqueeze) {
  Value out = value(0);
  for (const std::size_t made : unsqueezed_dimensions(node_, unsqueeze.axes, out.view.rank())) {
    out.view = out.view.inserted(made);
  }
  set_output(std::move(out));
}

void NodeAdder::operator()(const GatherNode& gather) {
  const Value& in = value(0);
  const std::size_t dimension = dimension_of(node_, gather.axis, in.view.rank());
  const std::int64_t extent = in.view.extent(dimension);
  if (gather.index < -extent || gather.index >= extent) {
    throw base::Error(
        fmt::format("{}: index {} is outside of {}", describe(node_), gather.index, extent));
  }
  const std::int64_t index = gather.index < 0 ? gather.index + extent : gather.index;
  Value out = selected(in, dimension, index, 1);
  if (!gather.keeps_dimension) out.view = out.view.erased(dimension);
  set_output(std::move(out));
}

void NodeAdder::operator()(const SliceNode& slice) {
  Value out = value(0);
  for (std::size_t i = 0; i < slice.axes.size(); ++i) {
    const std::size_t dimension = dimension_of(node_, slice.axes[i], out.view.rank());
    const SliceRange range =
        slice_range(slice.starts[i], slice.ends[i], 1, out.view.extent(dimension));
    if (range.count == 0) throw Unsupported("it makes an empty tensor");
    out = selected(out, dimension, range.begin, range.count);
  }
  set_output(std::move(out));
}

void NodeAdder::operator()(const SplitNode& split) {
  const Value in = value(0);
  const std::size_t dimension = dimension_of(node_, split.axis, in.view.rank());
  const std::int64_t extent = in.view.extent(dimension);
  const std::size_t parts = split.is_read.size();
  const Extents sizes = split.sizes.empty() ? even_sizes(extent, parts) : split.sizes;
  if (sizes.size() != parts || !is_division(sizes, extent)) {
    throw base::Error(fmt::format("{}: it has {} outputs of sizes {} for an extent of {}",
                                  describe(node_), parts, to_text(sizes), extent));
  }
  std::int64_t begin = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    // An output that nothing reads need not be one that could be read.
    if (split.is_read[part]) {
      set_output(selected(in, dimension, begin, sizes[part]), static_cast<int>(part));
    }
    begin += sizes[part];
  }
}

Value NodeAdder::selected(const Value& in, std::size_t dimension, std::int64_t begin,
                          std::int64_t count) {
  if (count == in.view.extent(dimension)) return in;
  const View::Dimension& chosen = in.view[dimension];
  if (in.view.holds(dimension, Axis::kTokens) && count == 1) {
    return selected_token(in, dimension, begin);
  }
  if (chosen.size() == 1 && chosen.front().axis == Axis::kFeatures) {
    return selected_features(in, dimension, begin, count);
  }
  throw Unsupported(fmt::format(
      "it takes {} to {} of dimension {} of {}; one token or features of a linear layer are "
      "supported",
      begin, begin + count - 1, dimension, shape_text(in)));
}

Value NodeAdder::selected_token(const Value& in, std::size_t dimension, std::int64_t index) {
  if (in.shape.width != 1) {
    throw Unsupported(fmt::format("it takes a position of an image {}, of tokens one is supported",
                                  shape_text(in)));
  }
  const int source = layers_.layer_of(in);
  const int layer = layers_.add(name_of(node_), SelectToken{static_cast<int>(index)}, {source}, {});
  return {layer, {in.shape.channels, 1, 1}, in.view.replaced(dimension, {})};
}

Value NodeAdder::selected_features(const Value& in, std::size_t dimension, std::int64_t begin,
                                   std::int64_t count) const {
  if (in.part != GeluPart::kNone || !in.pending ||
      !std::holds_alternative<Conv>(in.pending->parameters)) {
    throw Unsupported(fmt::format(
        "it takes a part of the features of {}, which no linear layer gives", shape_text(in)));
  }
  const auto features = in.view.features_at(dimension, begin, count);
  Value out = in;
  out.pending = std::make_shared<PendingLayer>(
      part_of(*in.pending, layers_.state(*in.pending).weight, features));
  if (in.shift) out.shift = part_of(*in.shift, features);
  out.shape.channels = static_cast<int>(features.size());
  out.view = in.view.cut(dimension, count);
  return out;
}

}  // namespace gibbon::nn::onnx
