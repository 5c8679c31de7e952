#include "gibbon/nn/importers/onnx/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

namespace {

/// SAME padding: the output has ceil(size / stride) rows; odd totals would need more on one side.
int same_padding(const Window& window, int size) {
  const int outputs = (size + window.stride - 1) / window.stride;
  const int total = std::max((outputs - 1) * window.stride + window.kernel - size, 0);
  if (total % 2 == 0) return total / 2;
  throw Unsupported(fmt::format(
      "SAME padding adds {} rows in all here, only equal padding on all sides is supported",
      total));
}

}  // namespace

void require_size(const NodeProto& node, const Shape& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : {shape.channels, shape.height, shape.width}) {
    if (extent < 1) {
      throw base::Error(fmt::format("{}: its window is larger than its input", describe(node)));
    }
    if (extent > kMaxElements / elements) {
      throw base::Error(fmt::format("{}: its output of {}x{}x{} has more than {} elements",
                                    describe(node), shape.channels, shape.height, shape.width,
                                    kMaxElements));
    }
    elements *= extent;
  }
}

void require_elements(const NodeProto& node, std::int64_t channels, std::int64_t positions) {
  if (channels <= kMaxElements / positions) return;
  throw base::Error(fmt::format("{}: its output of {}x{} has more than {} elements", describe(node),
                                channels, positions, kMaxElements));
}

int padding_of(const Window& window, const Shape& in) {
  if (!window.same) return window.padding;
  const int padding = same_padding(window, in.height);
  if (same_padding(window, in.width) == padding) return padding;
  throw Unsupported("SAME padding differs between rows and columns here");
}

Shape output_of(const NodeProto& node, const Window& window, int padding, int channels,
                const Shape& in) {
  const auto size = [&](int extent) {
    return window_output_size(extent, window.kernel, window.stride, padding, PaddingMode::kZeros);
  };
  const Shape out{channels, size(in.height), size(in.width)};
  require_size(node, out);
  const auto is_exact = [&](int extent) {
    return (extent + 2 * padding - window.kernel) % window.stride == 0;
  };
  if (window.ceil && !(is_exact(in.height) && is_exact(in.width))) {
    throw Unsupported("ceil_mode is 1 and would add a partial window here");
  }
  return out;
}

}  // namespace gibbon::nn::onnx
