#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "gibbon/nn/importers/onnx/values.hpp"

namespace gibbon::nn::onnx {

/// The number of elements of a tensor whose extents are positive; kMaxElements + 1 where there are
/// more than kMaxElements.
std::int64_t elements_in(const Extents& extents);

/// A constant's elements, row-major.
struct ConstantTensor {
  using Integers = std::vector<std::int64_t>;
  using Floats = std::vector<float>;

  Extents extents;
  std::variant<Integers, Floats> elements;

  bool is_integer() const { return std::holds_alternative<Integers>(elements); }
};

/// Throws base::Error as floats_of and integers_of do.
ConstantTensor read_constant(const TensorProto& tensor);
TensorProto write_constant(const std::string& name, const ConstantTensor& constant);

/// Where the elements of a tensor lie in another one's: element [i, j ...] at offset + i strides[0]
/// + j strides[1] + ...
struct Layout {
  Extents extents;
  Extents strides;
  std::int64_t offset = 0;
};
/// That of a tensor itself.
Layout plain_layout(const Extents& extents);
/// That of a tensor repeated to larger extents, as ONNX broadcasts. `to` has at least as many
/// dimensions, each of which is the tensor's or repeats one of extent 1.
Layout broadcast_layout(const Extents& from, const Extents& to);

ConstantTensor pick(const ConstantTensor& from, const Layout& layout);

}  // namespace gibbon::nn::onnx
