#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "onnx_schema/onnx_schema.pb.h"

namespace gibbon::nn::onnx {

using onnx_schema::AttributeProto;
using onnx_schema::NodeProto;
using onnx_schema::TensorProto;

using Extents = std::vector<std::int64_t>;

/// More elements than any image network has in one tensor; bounds what a damaged file can ask for.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 26;

/// More dimensions than any image network's tensors have; bounds what lists of axes can ask for.
inline constexpr std::size_t kMaxRank = 16;

/// `name` with every byte but printable ASCII, and what CSV and YAML quote, replaced by '_': names
/// end up in messages, tables and JSON. At most 200 characters.
std::string printable(std::string_view name);

/// "node 'conv1' (Conv)", for messages. An unnamed node is called by its first output.
std::string describe(const NodeProto& node);

/// The name that describe uses.
std::string name_of(const NodeProto& node);

/// Whether the node's operator is one of ONNX itself.
bool is_standard(const NodeProto& node);

/// An attribute of a node, or `absent`. Throws base::Error where it has another type.
std::int64_t integer_attribute(const NodeProto& node, std::string_view name, std::int64_t absent);
float float_attribute(const NodeProto& node, std::string_view name, float absent);
std::string text_attribute(const NodeProto& node, std::string_view name, std::string absent);
std::vector<std::int64_t> integers_attribute(const NodeProto& node, std::string_view name);
const AttributeProto* find_attribute(const NodeProto& node, std::string_view name);

/// A constant's extents, each at least 1, at most kMaxElements elements in all. None: a scalar.
/// Throws base::Error naming the tensor.
std::vector<std::int64_t> extents_of(const TensorProto& tensor);
/// "[1, 3, 32, 32]".
std::string to_text(const std::vector<std::int64_t>& extents);

/// The elements of a FLOAT or DOUBLE tensor, all finite; throws base::Error naming the tensor where
/// its type is another, its data lies in another file, or their number does not fit its shape.
std::vector<float> floats_of(const TensorProto& tensor);
/// The elements of an INT64 or INT32 tensor.
std::vector<std::int64_t> integers_of(const TensorProto& tensor);

}  // namespace gibbon::nn::onnx
