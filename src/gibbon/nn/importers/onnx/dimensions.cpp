#include "gibbon/nn/importers/onnx/dimensions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

namespace {

/// Each named dimension once, ascending.
std::vector<std::size_t> distinct_dimensions(const NodeProto& node, const Extents& axes,
                                             std::size_t rank) {
  // No valid list is longer; an invalid one would be long to sort and to print.
  if (axes.size() > rank) {
    throw base::Error(
        fmt::format("{}: it names {} axes of {} dimensions", describe(node), axes.size(), rank));
  }
  std::vector<std::size_t> dimensions;
  for (const std::int64_t axis : axes) dimensions.push_back(dimension_of(node, axis, rank));
  std::sort(dimensions.begin(), dimensions.end());
  if (std::adjacent_find(dimensions.begin(), dimensions.end()) == dimensions.end()) {
    return dimensions;
  }
  throw base::Error(
      fmt::format("{}: its axes {} name a dimension twice", describe(node), to_text(axes)));
}

}  // namespace

std::size_t dimension_of(const NodeProto& node, std::int64_t axis, std::size_t rank) {
  const auto dimensions = static_cast<std::int64_t>(rank);
  if (axis >= -dimensions && axis < dimensions) {
    return static_cast<std::size_t>(axis < 0 ? axis + dimensions : axis);
  }
  throw base::Error(
      fmt::format("{}: axis {} is outside of {} dimensions", describe(node), axis, rank));
}

std::vector<std::size_t> permutation_of(const NodeProto& node, const Extents& perm,
                                        std::size_t rank) {
  std::vector<std::size_t> order;
  if (perm.empty()) {
    for (std::size_t d = rank; d-- > 0;) order.push_back(d);
    return order;
  }
  if (perm.size() == rank && distinct_dimensions(node, perm, rank).size() == rank) {
    for (const std::int64_t axis : perm) order.push_back(dimension_of(node, axis, rank));
    return order;
  }
  throw base::Error(
      fmt::format("{}: perm {} is no order of {} dimensions", describe(node), to_text(perm), rank));
}

std::vector<std::size_t> squeezed_dimensions(const NodeProto& node, const Extents& axes,
                                             const Extents& extents) {
  if (!axes.empty()) {
    const std::vector<std::size_t> dimensions = distinct_dimensions(node, axes, extents.size());
    for (const std::size_t dimension : dimensions) {
      if (extents[dimension] == 1) continue;
      throw base::Error(fmt::format("{}: dimension {} of {} is not 1", describe(node), dimension,
                                    to_text(extents)));
    }
    return dimensions;
  }
  std::vector<std::size_t> dimensions;
  for (std::size_t d = 0; d < extents.size(); ++d) {
    if (extents[d] == 1) dimensions.push_back(d);
  }
  return dimensions;
}

std::vector<std::size_t> unsqueezed_dimensions(const NodeProto& node, const Extents& axes,
                                               std::size_t rank) {
  if (rank + axes.size() <= kMaxRank) {
    return distinct_dimensions(node, axes, rank + axes.size());
  }
  throw base::Error(fmt::format("{}: its result has {} dimensions, {} are allowed", describe(node),
                                rank + axes.size(), kMaxRank));
}

std::optional<Extents> reshaped_extents(const Extents& target, const Extents& extents) {
  if (target.size() > kMaxRank) return std::nullopt;
  std::int64_t left = 1;
  for (const std::int64_t extent : extents) left *= extent;
  Extents result = target;
  std::optional<std::size_t> open;
  for (std::size_t d = 0; d < result.size(); ++d) {
    if (result[d] == 0 && d < extents.size()) result[d] = extents[d];
    if (result[d] == -1 && !open) {
      open = d;
    } else if (result[d] < 1 || left % result[d] != 0) {
      return std::nullopt;
    } else {
      left /= result[d];
    }
  }
  if (open) {
    result[*open] = left;
  } else if (left != 1) {
    return std::nullopt;
  }
  return result;
}

bool makes_empty(const NodeProto& node, const Extents& target) {
  return integer_attribute(node, "allowzero", 0) != 0 &&
         std::find(target.begin(), target.end(), 0) != target.end();
}

Extents leading_axes(std::size_t count) {
  Extents axes;
  for (std::size_t axis = 0; axis < count; ++axis) axes.push_back(static_cast<std::int64_t>(axis));
  return axes;
}

void require_slices(const NodeProto& node, const Extents& starts, const Extents& ends,
                    const Extents& axes, const Extents& steps) {
  const std::size_t count = starts.size();
  if (ends.size() != count || axes.size() != count || steps.size() != count) {
    throw base::Error(fmt::format("{}: it has {} starts, {} ends, {} axes and {} steps",
                                  describe(node), count, ends.size(), axes.size(), steps.size()));
  }
  if (std::find(steps.begin(), steps.end(), 0) == steps.end()) return;
  throw base::Error(fmt::format("{}: its steps {} hold a 0", describe(node), to_text(steps)));
}

SliceRange slice_range(std::int64_t start, std::int64_t end, std::int64_t step,
                       std::int64_t extent) {
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  // Backwards, the last element is 0, so the end lies before it.
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? extent : extent - 1;
  start = std::clamp(start, std::int64_t{0}, highest);
  end = std::clamp(end, lowest, highest);
  const std::int64_t distance = end - start;
  if (distance == 0 || (distance > 0) != (step > 0)) return {start, 0, step};
  return {start, distance / step + (distance % step != 0 ? 1 : 0), step};
}

}  // namespace gibbon::nn::onnx
