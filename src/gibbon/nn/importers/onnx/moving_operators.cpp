#include <fmt/format.h>

#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/constant_operators.hpp"
#include "gibbon/nn/importers/onnx/dimensions.hpp"

namespace gibbon::nn::onnx {

namespace {

/// The elements of all dimensions before and of all behind a dimension.
struct Surroundings {
  std::int64_t before = 1;
  std::int64_t behind = 1;
};

Surroundings surroundings_of(const Extents& extents, std::size_t dimension) {
  Surroundings result;
  for (std::size_t d = 0; d < extents.size(); ++d) {
    if (d < dimension) result.before *= extents[d];
    if (d > dimension) result.behind *= extents[d];
  }
  return result;
}

std::size_t axis_of(const ConstantInputs& in) {
  return dimension_of(in.node(), integer_attribute(in.node(), "axis", 0), in[0].extents.size());
}

ConstantTensor concat(const ConstantInputs& in) {
  const std::size_t axis = axis_of(in);
  ConstantTensor result{in[0].extents, in[0].elements};
  for (std::size_t i = 1; i < in.size(); ++i) {
    Extents extents = in[i].extents;
    if (extents.size() == result.extents.size()) {
      result.extents[axis] += extents[axis];
      extents[axis] = result.extents[axis];
    }
    if (extents == result.extents && in[i].is_integer() == in[0].is_integer()) continue;
    throw base::Error(fmt::format("{}: constants of shapes {} and {} do not fit",
                                  describe(in.node()), to_text(in[0].extents),
                                  to_text(in[i].extents)));
  }
  in.require_room(result.extents);
  const auto join = [&](auto& elements) {
    elements.clear();
    for (std::int64_t block = 0; block < surroundings_of(result.extents, axis).before; ++block) {
      for (std::size_t i = 0; i < in.size(); ++i) {
        const auto& part = std::get<std::decay_t<decltype(elements)>>(in[i].elements);
        const std::int64_t length =
            in[i].extents[axis] * surroundings_of(result.extents, axis).behind;
        elements.insert(elements.end(), part.begin() + block * length,
                        part.begin() + (block + 1) * length);
      }
    }
  };
  std::visit(join, result.elements);
  return result;
}

ConstantTensor gather(const ConstantInputs& in) {
  const ConstantTensor& data = in[0];
  const ConstantTensor& indices = in[1];
  if (!indices.is_integer()) refuse_constant("its indices are of type FLOAT");
  const std::size_t axis = axis_of(in);
  const std::int64_t extent = data.extents[axis];
  for (const std::int64_t index : std::get<ConstantTensor::Integers>(indices.elements)) {
    if (index >= -extent && index < extent) continue;
    throw base::Error(
        fmt::format("{}: index {} is outside of {}", describe(in.node()), index, extent));
  }
  ConstantTensor result = data;
  const auto place = result.extents.begin() + static_cast<std::ptrdiff_t>(axis);
  result.extents.insert(result.extents.erase(place), indices.extents.begin(),
                        indices.extents.end());
  in.require_room(result.extents);
  const Surroundings around = surroundings_of(data.extents, axis);
  const auto choose = [&](auto& elements) {
    const auto& source = std::get<std::decay_t<decltype(elements)>>(data.elements);
    elements.clear();
    for (std::int64_t block = 0; block < around.before; ++block) {
      for (const std::int64_t index : std::get<ConstantTensor::Integers>(indices.elements)) {
        const std::int64_t row = block * extent + (index < 0 ? index + extent : index);
        elements.insert(elements.end(), source.begin() + row * around.behind,
                        source.begin() + (row + 1) * around.behind);
      }
    }
  };
  std::visit(choose, result.elements);
  return result;
}

ConstantTensor reshape(const ConstantInputs& in) {
  const auto extents = reshaped_extents(in.integers(1), in[0].extents);
  if (extents && !makes_empty(in.node(), in.integers(1))) return {*extents, in[0].elements};
  throw base::Error(fmt::format("{}: it makes {} of a constant of shape {}", describe(in.node()),
                                to_text(in.integers(1)), to_text(in[0].extents)));
}

ConstantTensor slice(const ConstantInputs& in) {
  const Extents& extents = in[0].extents;
  const Extents& starts = in.integers(1);
  const Extents& ends = in.integers(2);
  const Extents axes = in.has(3) ? in.integers(3) : leading_axes(starts.size());
  const Extents steps = in.has(4) ? in.integers(4) : Extents(starts.size(), 1);
  require_slices(in.node(), starts, ends, axes, steps);
  Layout layout = plain_layout(extents);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t d = dimension_of(in.node(), axes[i], extents.size());
    const SliceRange range = slice_range(starts[i], ends[i], steps[i], layout.extents[d]);
    if (range.count == 0) refuse_constant("it makes an empty constant");
    layout.offset += range.begin * layout.strides[d];
    layout.extents[d] = range.count;
    if (range.count > 1) layout.strides[d] *= range.step;
  }
  return pick(in[0], layout);
}

/// An attribute up to opset 12, an input since.
Extents axes_of(const ConstantInputs& in) {
  return in.has(1) ? in.integers(1) : integers_attribute(in.node(), "axes");
}

ConstantTensor squeeze(const ConstantInputs& in) {
  ConstantTensor result = in[0];
  const auto dropped = squeezed_dimensions(in.node(), axes_of(in), result.extents);
  for (auto d = dropped.rbegin(); d != dropped.rend(); ++d) {
    result.extents.erase(result.extents.begin() + static_cast<std::ptrdiff_t>(*d));
  }
  return result;
}

ConstantTensor unsqueeze(const ConstantInputs& in) {
  ConstantTensor result = in[0];
  for (const std::size_t d : unsqueezed_dimensions(in.node(), axes_of(in), result.extents.size())) {
    result.extents.insert(result.extents.begin() + static_cast<std::ptrdiff_t>(d), 1);
  }
  return result;
}

ConstantTensor transpose(const ConstantInputs& in) {
  const Layout plain = plain_layout(in[0].extents);
  Layout layout;
  for (const std::size_t source :
       permutation_of(in.node(), integers_attribute(in.node(), "perm"), in[0].extents.size())) {
    layout.extents.push_back(plain.extents[source]);
    layout.strides.push_back(plain.strides[source]);
  }
  return pick(in[0], layout);
}

}  // namespace

const ConstantOperators& moving_operators() {
  static const ConstantOperators kOperators = {
      {"Concat", concat},   {"Gather", gather},       {"Reshape", reshape},     {"Slice", slice},
      {"Squeeze", squeeze}, {"Transpose", transpose}, {"Unsqueeze", unsqueeze},
  };
  return kOperators;
}

}  // namespace gibbon::nn::onnx
