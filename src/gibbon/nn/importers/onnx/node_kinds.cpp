#include "gibbon/nn/importers/onnx/node_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/constant_operators.hpp"
#include "gibbon/nn/importers/onnx/dimensions.hpp"
#include "gibbon/nn/importers/onnx/node_inputs.hpp"
#include "gibbon/nn/importers/onnx/node_readers.hpp"

namespace gibbon::nn::onnx {

const char* const kSupportedOperators =
    "Add, AveragePool, BatchNormalization, Cast, Clip, Concat, Constant, Conv, Div, Dropout, Erf, "
    "Flatten, Gather, Gelu, Gemm, GlobalAveragePool, Identity, LayerNormalization, MatMul, "
    "MaxPool, Mul, ReduceMean, Relu, Reshape, Shape, Slice, Softmax, Split, Squeeze, Transpose, "
    "Unsqueeze, and LogSoftmax at the end; for constants also Abs, ConstantOfShape, Equal, "
    "Expand, Sqrt, Sub and Where; transformers from opset 17 on";

namespace {

/// Windows beyond this are no image networks, and would overflow the arithmetic on sizes.
constexpr std::int64_t kMaxWindow = 4096;

/// The one value that all entries of a list have, `absent` where there is no list.
int one_value(const NodeProto& node, std::string_view name, std::size_t count, int absent,
              std::int64_t smallest) {
  const std::vector<std::int64_t> values = integers_attribute(node, name);
  if (values.empty()) return absent;
  const bool equal = std::all_of(values.begin(), values.end(),
                                 [&](std::int64_t value) { return value == values.front(); });
  if (values.size() != count || !equal) {
    throw Unsupported(
        fmt::format("{} is {}, {} equal values are supported", name, to_text(values), count));
  }
  if (values.front() < smallest || values.front() > kMaxWindow) {
    throw Unsupported(fmt::format("{} is {}, supported are {} to {}", name, to_text(values),
                                  smallest, kMaxWindow));
  }
  return static_cast<int>(values.front());
}

Window read_window(const NodeProto& node, int kernel) {
  Window window;
  window.kernel = kernel;
  window.stride = one_value(node, "strides", 2, 1, 1);
  window.padding = one_value(node, "pads", 4, 0, 0);
  if (one_value(node, "dilations", 2, 1, 1) != 1) {
    throw Unsupported("dilations other than 1");
  }
  const std::string automatic = text_attribute(node, "auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    window.same = true;
  } else if (automatic == "VALID") {
    window.padding = 0;
  } else if (automatic != "NOTSET" && !automatic.empty()) {
    throw Unsupported(fmt::format("auto_pad '{}'", printable(automatic)));
  }
  return window;
}

NodeKind read_conv(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_computed(node, graph, 0);
  ConvNode conv{};
  conv.weight = &required_constant(node, graph, 1);
  conv.bias = optional_constant(node, graph, 2);
  const std::vector<std::int64_t> extents = extents_of(*conv.weight);
  if (extents.size() != 4) {
    throw Unsupported(fmt::format("its weight has shape {}, convolutions over images are supported",
                                  to_text(extents)));
  }
  if (extents[2] != extents[3] || extents[2] > kMaxWindow) {
    throw Unsupported(
        fmt::format("its kernel is {}x{}, square ones are supported", extents[2], extents[3]));
  }
  const int kernel = static_cast<int>(extents[2]);
  if (one_value(node, "kernel_shape", 2, kernel, 1) != kernel) {
    throw base::Error(fmt::format("{}: kernel_shape is not that of its weight, {}", describe(node),
                                  to_text(extents)));
  }
  const std::int64_t groups = integer_attribute(node, "group", 1);
  if (groups < 1 || extents[0] % groups != 0) {
    throw base::Error(fmt::format("{}: group is {}, it must divide the {} output channels",
                                  describe(node), groups, extents[0]));
  }
  conv.groups = static_cast<int>(groups);
  conv.window = read_window(node, kernel);
  return conv;
}

NodeKind read_gemm(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_computed(node, graph, 0);
  if (integer_attribute(node, "transA", 0) != 0) throw Unsupported("transA is 1");
  LinearNode linear{};
  linear.weight = &required_constant(node, graph, 1);
  linear.bias = optional_constant(node, graph, 2);
  linear.out_first = integer_attribute(node, "transB", 0) != 0;
  linear.weight_factor = float_attribute(node, "alpha", 1);
  linear.bias_factor = float_attribute(node, "beta", 1);
  require_rank(node, *linear.weight, 2);
  return linear;
}

NodeKind read_matmul(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_computed(node, graph, 0);
  if (graph.constant_input(node, 1) == nullptr) return MatrixProductNode{};
  LinearNode linear{};
  linear.weight = &required_constant(node, graph, 1);
  linear.weight_factor = 1;
  linear.bias_factor = 1;
  require_rank(node, *linear.weight, 2);
  return linear;
}

NodeKind read_batch_norm(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 5);
  require_computed(node, graph, 0);
  if (integer_attribute(node, "training_mode", 0) != 0) throw Unsupported("training_mode is 1");
  if (integer_attribute(node, "spatial", 1) != 1) throw Unsupported("spatial is 0");
  return BatchNormNode{&required_constant(node, graph, 1), &required_constant(node, graph, 2),
                       &required_constant(node, graph, 3), &required_constant(node, graph, 4),
                       float_attribute(node, "epsilon", 1e-5F)};
}

NodeKind read_pool(const NodeProto& node, const Graph& graph, PoolMode mode) {
  require_inputs(node, 1);
  require_computed(node, graph, 0);
  PoolNode pool{mode, {}, true};
  if (mode == PoolMode::kGlobalAverage) return pool;
  const int kernel = one_value(node, "kernel_shape", 2, 0, 1);
  if (kernel == 0) {
    throw base::Error(fmt::format("{}: attribute 'kernel_shape' is missing", describe(node)));
  }
  pool.window = read_window(node, kernel);
  pool.window.ceil = integer_attribute(node, "ceil_mode", 0) != 0;
  if (pool.window.padding >= kernel) {
    throw Unsupported(
        fmt::format("pads of {} are not smaller than its kernel", pool.window.padding));
  }
  pool.counts_padding = integer_attribute(node, "count_include_pad", 0) != 0;
  return pool;
}

/// A bound of Clip: an attribute up to opset 10, an input since.
float clip_bound(const NodeProto& node, const Graph& graph, std::string_view name, int index,
                 float absent) {
  const TensorProto* tensor = optional_constant(node, graph, index);
  if (tensor == nullptr) return float_attribute(node, name, absent);
  const std::vector<float> values = floats_of(*tensor);
  if (values.size() == 1) return values.front();
  throw base::Error(fmt::format("{}: '{}' has {} values, one is needed", describe(node),
                                printable(tensor->name()), values.size()));
}

NodeKind read_clip(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 1);
  require_computed(node, graph, 0);
  constexpr float kUnbounded = std::numeric_limits<float>::max();
  const float low = clip_bound(node, graph, "min", 1, -kUnbounded);
  const float high = clip_bound(node, graph, "max", 2, kUnbounded);
  if (low == 0 && high >= kUnbounded) return ReluNode{};
  const bool is_bounded = high > 0 && high < kUnbounded;
  if (is_bounded && (low == 0 || low == -high)) return ClipNode{high, low == 0};
  throw Unsupported(fmt::format(
      "it clips to [{}, {}], supported are [-a, a], [0, a] and [0, infinity]", low, high));
}

NodeKind read_add(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  for (const int index : {0, 1}) {
    if (const TensorProto* shift = graph.constant_input(node, index)) {
      require_computed(node, graph, 1 - index);
      return ShiftNode{shift, 1 - index};
    }
  }
  return SumNode{};
}

NodeKind read_flatten(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 1);
  require_computed(node, graph, 0);
  const std::int64_t axis = integer_attribute(node, "axis", 1);
  if (axis != 1) throw Unsupported(fmt::format("axis is {}, 1 is supported", axis));
  return FlattenNode{};
}

NodeKind read_reshape(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_computed(node, graph, 0);
  const TensorProto& shape = required_constant(node, graph, 1);
  const bool allows_zero = integer_attribute(node, "allowzero", 0) != 0;
  const bool is_list = shape.data_type() == TensorProto::INT64;
  if (allows_zero && (!is_list || makes_empty(node, integers_of(shape)))) {
    throw Unsupported("allowzero is 1, which is supported where the shape has no 0");
  }
  return ReshapeNode{integers_of(shape)};
}

template <typename Kind>
NodeKind read_plain(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 1);
  require_computed(node, graph, 0);
  return Kind{};
}

/// Softmax and LogSoftmax of the network's output do not move the largest value.
NodeKind read_softmax(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 1);
  require_computed(node, graph, 0);
  if (node.output(0) == graph.output_name()) return PassNode{};
  if (node.op_type() == "Softmax") return SoftmaxNode{integer_attribute(node, "axis", -1)};
  throw Unsupported("it is supported as the last node only");
}

NodeKind read_concat(const NodeProto& node, const Graph& graph) {
  require_inputs(node, std::max(1, node.input_size()));
  const TensorProto* first = graph.constant_input(node, 0);
  if (first != nullptr && node.input_size() == 2) {
    require_computed(node, graph, 1);
    return ClassTokenNode{first, integer_attribute(node, "axis", 1)};
  }
  for (int index = 0; index < node.input_size(); ++index) require_computed(node, graph, index);
  return ConcatNode{integer_attribute(node, "axis", 1)};
}

const NodeReaders& image_readers() {
  const auto pool = [](PoolMode mode) {
    return
        [mode](const NodeProto& node, const Graph& graph) { return read_pool(node, graph, mode); };
  };
  static const NodeReaders kReaders = {
      {"Add", read_add},
      {"AveragePool", pool(PoolMode::kAverage)},
      {"BatchNormalization", read_batch_norm},
      {"Clip", read_clip},
      {"Concat", read_concat},
      {"Conv", read_conv},
      {"Dropout", read_plain<DropoutNode>},
      {"Flatten", read_flatten},
      {"Gemm", read_gemm},
      {"GlobalAveragePool", pool(PoolMode::kGlobalAverage)},
      {"Identity", read_plain<PassNode>},
      {"LogSoftmax", read_softmax},
      {"MatMul", read_matmul},
      {"MaxPool", pool(PoolMode::kMax)},
      {"Relu", read_plain<ReluNode>},
      {"Reshape", read_reshape},
      {"Shape", read_plain<ShapeNode>},
      {"Softmax", read_softmax},
  };
  return kReaders;
}

}  // namespace

NodeKind read_node(const NodeProto& node, const Graph& graph) {
  for (const NodeReaders* readers : {&image_readers(), &transformer_readers()}) {
    const auto found = readers->find(node.op_type());
    if (!is_standard(node) || found == readers->end()) continue;
    if (node.output_size() == 0 || node.output(0).empty()) {
      throw base::Error(fmt::format("{}: it has no output", describe(node)));
    }
    return found->second(node, graph);
  }
  if (is_standard(node) && find_constant_operator(node.op_type()) != nullptr) {
    throw Unsupported("it is supported for constants only");
  }
  throw Unsupported("unknown operator");
}

}  // namespace gibbon::nn::onnx
