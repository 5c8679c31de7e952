#pragma once

#include <cstdint>
#include <vector>

#include "gibbon/nn/importers/onnx/node_kinds.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn::onnx {

/// Throws base::Error where a size is not positive (a window found no place) or a node's result has
/// more than kMaxElements elements.
void require_size(const NodeProto& node, const Shape& shape);

/// The padding of a window over `in` on each side. Throws Unsupported where SAME padding is not
/// equal on all sides.
int padding_of(const Window& window, const Shape& in);

/// What the windows over `in` give. Throws base::Error where no window fits or there are more than
/// kMaxElements elements, Unsupported where rounding up would add a partial window.
Shape output_of(const NodeProto& node, const Window& window, int padding, int channels,
                const Shape& in);

/// Whether a Reshape of [1, C, H, W] (`is_image`) or [1, F] to `target` gives [1, all]. In
/// `target`, 0 copies the extent of the same place and -1 stands for what is left.
bool makes_vector(const std::vector<std::int64_t>& target, const Shape& in, bool is_image);

/// Whether it gives the shape that it has already.
bool keeps_shape(const std::vector<std::int64_t>& target, const Shape& in, bool is_image);

}  // namespace gibbon::nn::onnx
