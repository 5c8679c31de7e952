#pragma once

#include <cstdint>
#include <vector>

#include "gibbon/nn/importers/onnx/node_kinds.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn::onnx {

/// Throws base::Error where a size is not positive (a window found no place) or a node's result has
/// more than kMaxElements elements.
void require_size(const NodeProto& node, const Shape& shape);

/// Throws base::Error where so many positions of so many channels are more than kMaxElements.
void require_elements(const NodeProto& node, std::int64_t channels, std::int64_t positions);

/// The padding of a window over `in` on each side. Throws Unsupported where SAME padding is not
/// equal on all sides.
int padding_of(const Window& window, const Shape& in);

/// What the windows over `in` give. Throws base::Error where no window fits or there are more than
/// kMaxElements elements, Unsupported where rounding up would add a partial window.
Shape output_of(const NodeProto& node, const Window& window, int padding, int channels,
                const Shape& in);

}  // namespace gibbon::nn::onnx
