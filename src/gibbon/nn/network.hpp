#pragma once

#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/nn/layer.hpp"

namespace gibbon::nn {

struct Shape {
  int channels = 0;
  int height = 1;
  int width = 1;

  friend bool operator==(const Shape&, const Shape&) = default;
  long elements() const { return static_cast<long>(channels) * height * width; }
};

/// What a network is made from; see Network for the checked form.
struct NetworkDescription {
  std::string name;
  Shape input;
  int num_classes = 0;
  int input_bits = 9;              ///< sign included: 9 bits carry the 256 levels of an 8-bit image
  double input_scale = 1.0 / 255;  ///< value of one input level
  std::vector<Layer> layers;       ///< in execution order
};

/// A checked, immutable network: every layer's inputs come before it and fit it. A value type.
class Network {
 public:
  /// Throws base::Error naming the layer, what it got and what it needs.
  explicit Network(NetworkDescription description);

  const NetworkDescription& description() const { return description_; }
  const std::vector<Layer>& layers() const { return description_.layers; }
  const Shape& input() const { return description_.input; }
  /// Output shape of layer `index`; index kNetworkInput gives the network's input.
  const Shape& output_shape(int index) const;
  /// Shape that layer `index` reads from its first input.
  const Shape& input_shape(int index) const;
  /// Weights of Conv and Linear layers in all.
  long weight_count() const;
  /// Multiply-accumulates of one inference; of one layer.
  long mac_count() const;
  long mac_count(std::size_t layer) const;

 private:
  NetworkDescription description_;
  std::vector<Shape> shapes_;
};

/// JSON both ways (our own layer list, see docs/formats.md). from_json throws base::Error naming
/// the layer and key.
base::Json to_json(const Network& network);
Network network_from_json(const base::Json& json);

/// Throws base::Error where the last layer gives another number of values than there are classes,
/// if these are said (num_classes is not 0).
void require_value_for_each_class(const Network& network);

/// Output size of a convolution or pooling window: floor((size + 2 padding - kernel)/stride) + 1;
/// symmetric 2x2 padding adds one row and column in all.
int window_output_size(int size, int kernel, int stride, int padding, PaddingMode mode);

/// The corner towards which symmetric padding shifts input channel c: {top?, left?} as row and
/// column offset (0 or 1) of the 2x2 kernel inside a 3x3 window with padding 1.
struct CornerOffset {
  int row;
  int column;
};
constexpr CornerOffset symmetric_corner(int channel) {
  return {(channel >> 1) & 1, channel & 1};
}

}  // namespace gibbon::nn
