#include "gibbon/nn/importers/onnx/constant_tensor.hpp"

#include <algorithm>
#include <utility>

namespace gibbon::nn::onnx {

std::int64_t elements_in(const Extents& extents) {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) {
    if (extent > kMaxElements / count) return kMaxElements + 1;
    count *= extent;
  }
  return count;
}

ConstantTensor read_constant(const TensorProto& tensor) {
  const int type = tensor.data_type();
  if (type == TensorProto::INT64 || type == TensorProto::INT32) {
    return {extents_of(tensor), integers_of(tensor)};
  }
  return {extents_of(tensor), floats_of(tensor)};
}

TensorProto write_constant(const std::string& name, const ConstantTensor& constant) {
  TensorProto tensor;
  tensor.set_name(name);
  for (const std::int64_t extent : constant.extents) tensor.add_dims(extent);
  std::visit(
      [&](const auto& elements) {
        tensor.set_raw_data(elements.data(), elements.size() * sizeof(elements.front()));
      },
      constant.elements);
  tensor.set_data_type(constant.is_integer() ? TensorProto::INT64 : TensorProto::FLOAT);
  return tensor;
}

Layout plain_layout(const Extents& extents) {
  Layout layout{extents, Extents(extents.size(), 1)};
  for (std::size_t d = extents.size(); d-- > 1;) {
    layout.strides[d - 1] = layout.strides[d] * extents[d];
  }
  return layout;
}

Layout broadcast_layout(const Extents& from, const Extents& to) {
  const Layout plain = plain_layout(from);
  Layout layout{to, Extents(to.size(), 0)};
  const std::size_t missing = to.size() - from.size();
  for (std::size_t d = 0; d < from.size(); ++d) {
    if (from[d] != 1) layout.strides[missing + d] = plain.strides[d];
  }
  return layout;
}

ConstantTensor pick(const ConstantTensor& from, const Layout& layout) {
  const auto count = static_cast<std::size_t>(elements_in(layout.extents));
  const auto picked =
      [&](const auto& elements) -> std::variant<ConstantTensor::Integers, ConstantTensor::Floats> {
    std::decay_t<decltype(elements)> result;
    result.reserve(count);
    Extents index(layout.extents.size(), 0);
    std::int64_t place = layout.offset;
    while (result.size() < count) {
      result.push_back(elements[static_cast<std::size_t>(place)]);
      for (std::size_t d = index.size(); d-- > 0;) {
        place += layout.strides[d];
        if (++index[d] < layout.extents[d]) break;
        place -= layout.strides[d] * layout.extents[d];
        index[d] = 0;
      }
    }
    return result;
  };
  return {layout.extents, std::visit(picked, from.elements)};
}

}  // namespace gibbon::nn::onnx
