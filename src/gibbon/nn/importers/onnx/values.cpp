#include "gibbon/nn/importers/onnx/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

constexpr std::size_t kLongestName = 200;

[[noreturn]] void refuse(const TensorProto& tensor, const std::string& problem) {
  throw base::Error(fmt::format("constant '{}': {}", printable(tensor.name()), problem));
}

[[noreturn]] void refuse_attribute(const NodeProto& node, std::string_view name,
                                   std::string_view wanted) {
  throw base::Error(fmt::format("{}: attribute '{}' is not {}", describe(node), name, wanted));
}

std::size_t element_count(const TensorProto& tensor) {
  std::size_t count = 1;
  for (const std::int64_t extent : extents_of(tensor)) count *= static_cast<std::size_t>(extent);
  return count;
}

std::string type_text(int type) {
  if (!TensorProto::DataType_IsValid(type)) return fmt::format("of the unknown type {}", type);
  return "of type " + onnx_schema::TensorProto_DataType_Name(type);
}

/// The elements of type Stored, which lie either as bytes in raw_data or one by one in `listed`.
template <typename Result, typename Stored, typename List>
std::vector<Result> elements(const TensorProto& tensor, const List& listed) {
  const std::size_t count = element_count(tensor);
  if (!tensor.has_raw_data()) {
    if (static_cast<std::size_t>(listed.size()) != count) {
      refuse(tensor, fmt::format("its shape has {} elements, its data {}", count, listed.size()));
    }
    return {listed.begin(), listed.end()};
  }
  const std::string& bytes = tensor.raw_data();
  if (bytes.size() != count * sizeof(Stored)) {
    refuse(tensor, fmt::format("its shape needs {} bytes, its data has {}", count * sizeof(Stored),
                               bytes.size()));
  }
  std::vector<Stored> stored(count);
  std::memcpy(stored.data(), bytes.data(), bytes.size());
  return {stored.begin(), stored.end()};
}

void refuse_external(const TensorProto& tensor) {
  if (tensor.data_location() != TensorProto::EXTERNAL && tensor.external_data_size() == 0) return;
  refuse(tensor, "its data lies in another file; save the model with all data in one file");
}

}  // namespace

std::string printable(std::string_view name) {
  std::string text(name.substr(0, kLongestName));
  for (char& letter : text) {
    const bool plain = letter >= ' ' && letter <= '~';
    if (!plain || letter == '\'' || letter == '"' || letter == ',') letter = '_';
  }
  return text;
}

std::string name_of(const NodeProto& node) {
  if (!node.name().empty()) return printable(node.name());
  return node.output_size() > 0 ? printable(node.output(0)) : std::string();
}

std::string describe(const NodeProto& node) {
  const std::string type = is_standard(node) ? printable(node.op_type())
                                             : printable(node.domain() + ":" + node.op_type());
  return fmt::format("node '{}' ({})", name_of(node), type);
}

bool is_standard(const NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

const AttributeProto* find_attribute(const NodeProto& node, std::string_view name) {
  for (const AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

std::int64_t integer_attribute(const NodeProto& node, std::string_view name, std::int64_t absent) {
  const AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return absent;
  if (!found->has_i()) refuse_attribute(node, name, "an integer");
  return found->i();
}

float float_attribute(const NodeProto& node, std::string_view name, float absent) {
  const AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return absent;
  if (!found->has_f() || std::isnan(found->f())) refuse_attribute(node, name, "a number");
  return found->f();
}

std::string text_attribute(const NodeProto& node, std::string_view name, std::string absent) {
  const AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return absent;
  if (!found->has_s()) refuse_attribute(node, name, "a text");
  return found->s();
}

std::vector<std::int64_t> integers_attribute(const NodeProto& node, std::string_view name) {
  const AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return {};
  if (found->ints_size() == 0) refuse_attribute(node, name, "a list of integers");
  return {found->ints().begin(), found->ints().end()};
}

std::vector<std::int64_t> extents_of(const TensorProto& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t extent : tensor.dims()) {
    if (extent < 1 || extent > kMaxElements / count) {
      refuse(tensor, fmt::format("its shape is [{}]; extents of at least 1 and at most {} elements "
                                 "in all are supported",
                                 fmt::join(tensor.dims(), ", "), kMaxElements));
    }
    count *= extent;
  }
  return {tensor.dims().begin(), tensor.dims().end()};
}

std::string to_text(const std::vector<std::int64_t>& extents) {
  return fmt::format("[{}]", fmt::join(extents, ", "));
}

std::vector<float> floats_of(const TensorProto& tensor) {
  refuse_external(tensor);
  std::vector<float> values;
  if (tensor.data_type() == TensorProto::FLOAT) {
    values = elements<float, float>(tensor, tensor.float_data());
  } else if (tensor.data_type() == TensorProto::DOUBLE) {
    values = elements<float, double>(tensor, tensor.double_data());
  } else {
    refuse(tensor,
           fmt::format("it is {}, FLOAT or DOUBLE is needed", type_text(tensor.data_type())));
  }
  if (!std::all_of(values.begin(), values.end(),
                   [](float value) { return std::isfinite(value); })) {
    refuse(tensor, "it holds a value that is not a finite number");
  }
  return values;
}

std::vector<std::int64_t> integers_of(const TensorProto& tensor) {
  refuse_external(tensor);
  if (tensor.data_type() == TensorProto::INT64) {
    return elements<std::int64_t, std::int64_t>(tensor, tensor.int64_data());
  }
  if (tensor.data_type() == TensorProto::INT32) {
    return elements<std::int64_t, std::int32_t>(tensor, tensor.int32_data());
  }
  refuse(tensor, fmt::format("it is {}, INT64 or INT32 is needed", type_text(tensor.data_type())));
}

}  // namespace gibbon::nn::onnx
