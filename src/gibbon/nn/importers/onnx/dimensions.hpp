#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gibbon/nn/importers/onnx/values.hpp"

namespace gibbon::nn::onnx {

// What nodes say about the dimensions of their input, made definite for an input of some rank. All
// throw base::Error naming the node where it does not fit.

/// The dimension that an axis means, which counts from the end where it is negative.
std::size_t dimension_of(const NodeProto& node, std::int64_t axis, std::size_t rank);

/// Transpose's `perm`; the reverse order where it is empty.
std::vector<std::size_t> permutation_of(const NodeProto& node, const Extents& perm,
                                        std::size_t rank);

/// The dimensions that Squeeze drops, ascending: those that `axes` names, all of extent 1 where it
/// is empty.
std::vector<std::size_t> squeezed_dimensions(const NodeProto& node, const Extents& axes,
                                             const Extents& extents);

/// The dimensions of Unsqueeze's result that are new, ascending.
std::vector<std::size_t> unsqueezed_dimensions(const NodeProto& node, const Extents& axes,
                                               std::size_t rank);

/// What a Reshape to `target` gives: 0 copies the extent of the same place, -1 stands for what is
/// left. Nothing where the number of elements differs.
std::optional<Extents> reshaped_extents(const Extents& target, const Extents& extents);

/// Whether a 0 of a Reshape's target stands for itself.
bool makes_empty(const NodeProto& node, const Extents& target);

/// The axes that Slice means where it names none: 0, 1 ... `count` - 1.
Extents leading_axes(std::size_t count);
/// That Slice's lists are equally long, and no step is 0.
void require_slices(const NodeProto& node, const Extents& starts, const Extents& ends,
                    const Extents& axes, const Extents& steps);

/// Begin, begin + step ...: `count` of them, none where they are outside.
struct SliceRange {
  std::int64_t begin = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;
};
/// Slice's choice of an extent; `step` is not 0.
SliceRange slice_range(std::int64_t start, std::int64_t end, std::int64_t step,
                       std::int64_t extent);

}  // namespace gibbon::nn::onnx
