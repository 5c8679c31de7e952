#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "onnx_schema/onnx_schema.pb.h"

namespace gibbon::nn {

/// Writes ONNX models for tests, one line a node.
class OnnxBuilder {
 public:
  using Extents = std::vector<std::int64_t>;

  /// A graph from the value "x" to the value `output`; a negative extent of the input is symbolic.
  explicit OnnxBuilder(const Extents& input, const std::string& output = "y") {
    model_.set_ir_version(8);
    model_.mutable_graph()->set_name("test");
    add_input("x", input);
    graph().add_output()->set_name(output);
    model_.add_opset_import()->set_version(13);
  }

  onnx_schema::ModelProto& model() { return model_; }
  onnx_schema::GraphProto& graph() { return *model_.mutable_graph(); }

  void add_input(const std::string& name, const Extents& extents) {
    auto* input = graph().add_input();
    input->set_name(name);
    auto* type = input->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx_schema::TensorProto::FLOAT);
    for (const std::int64_t extent : extents) {
      auto* dim = type->mutable_shape()->add_dim();
      if (extent < 0) {
        dim->set_dim_param("N");
      } else {
        dim->set_dim_value(extent);
      }
    }
  }

  static onnx_schema::TensorProto floats(const std::string& name, const Extents& extents,
                                         const std::vector<float>& values) {
    onnx_schema::TensorProto tensor;
    tensor.set_name(name);
    tensor.set_data_type(onnx_schema::TensorProto::FLOAT);
    for (const std::int64_t extent : extents) tensor.add_dims(extent);
    // As exporters write it.
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
    return tensor;
  }

  onnx_schema::TensorProto& constant(const std::string& name, const Extents& extents,
                                     const std::vector<float>& values) {
    return *graph().add_initializer() = floats(name, extents, values);
  }
  /// `count` times the same value.
  onnx_schema::TensorProto& filled(const std::string& name, const Extents& extents, float value) {
    std::size_t count = 1;
    for (const std::int64_t extent : extents) count *= static_cast<std::size_t>(extent);
    return constant(name, extents, std::vector<float>(count, value));
  }
  onnx_schema::TensorProto& integers(const std::string& name, const Extents& values) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx_schema::TensorProto::INT64);
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return tensor;
  }

  /// A node named as its output.
  onnx_schema::NodeProto& node(const std::string& type, const std::vector<std::string>& inputs,
                               const std::string& output) {
    auto& node = *graph().add_node();
    node.set_op_type(type);
    node.set_name(output);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx_schema::ModelProto model_;
};

inline void set(onnx_schema::NodeProto& node, const std::string& name, std::int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx_schema::AttributeProto::INT);
  attribute->set_i(value);
}
inline void set(onnx_schema::NodeProto& node, const std::string& name, float value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx_schema::AttributeProto::FLOAT);
  attribute->set_f(value);
}
inline void set(onnx_schema::NodeProto& node, const std::string& name, const char* value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx_schema::AttributeProto::STRING);
  attribute->set_s(value);
}
inline void set(onnx_schema::NodeProto& node, const std::string& name,
                const std::vector<std::int64_t>& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx_schema::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

/// A file with one to four of its bits changed.
inline std::string with_flipped_bits(std::string content, base::Rng& rng) {
  const int flips = 1 + static_cast<int>(rng.below(4));
  for (int flip = 0; flip < flips; ++flip) {
    const std::size_t place = rng.below(content.size());
    content[place] = static_cast<char>(content[place] ^ (1 << rng.below(8)));
  }
  return content;
}

}  // namespace gibbon::nn
