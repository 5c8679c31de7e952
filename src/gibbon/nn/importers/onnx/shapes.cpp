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

bool makes_vector(const std::vector<std::int64_t>& target, const Shape& in, bool is_image) {
  if (target.size() != 2) return false;
  const std::int64_t elements = in.elements();
  const std::int64_t second = target[1] == 0 ? in.channels : target[1];
  const bool batch = target[0] == 1 || target[0] == 0 || (target[0] == -1 && second == elements);
  const bool rest = second == elements || (target[1] == -1 && target[0] != -1);
  // A 0 copies the extent of the same place, which is the channels of an image.
  return batch && rest && !(target[1] == 0 && is_image && in.channels != elements);
}

bool keeps_shape(const std::vector<std::int64_t>& target, const Shape& in, bool is_image) {
  const std::vector<std::int64_t> shape =
      is_image ? std::vector<std::int64_t>{1, in.channels, in.height, in.width}
               : std::vector<std::int64_t>{1, in.channels};
  if (target.size() != shape.size()) return false;
  int inferred = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (target[i] == -1) ++inferred;
    if (target[i] > 0 && target[i] != shape[i]) return false;
    if (target[i] < -1) return false;
  }
  return inferred <= 1;
}

}  // namespace gibbon::nn::onnx
