#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "onnx_schema/onnx_schema.pb.h"

namespace gibbon::nn {

/// Computes an ONNX graph node by node as Operators.md defines them, in double precision and by the
/// plainest loops: each element of a result from its index. Integers are doubles too. Knows the
/// operators of transformers, not all of their attributes.
class PlainGraph {
 public:
  using Index = std::vector<std::int64_t>;
  struct Tensor {
    Index extents;
    std::vector<double> elements;

    double operator[](const Index& index) const {
      std::int64_t place = 0;
      for (std::size_t d = 0; d < extents.size(); ++d) place = place * extents[d] + index.at(d);
      return elements.at(static_cast<std::size_t>(place));
    }
  };

  explicit PlainGraph(const onnx_schema::GraphProto& graph) : graph_(graph) {}

  /// The output "y" for the input "x".
  std::vector<double> run(const Index& extents, const std::vector<double>& image) {
    for (const auto& tensor : graph_.initializer()) values_[tensor.name()] = read(tensor);
    values_["x"] = {extents, image};
    for (const auto& node : graph_.node()) {
      node_ = &node;
      compute();
    }
    return values_.at("y").elements;
  }

 private:
  static Tensor read(const onnx_schema::TensorProto& tensor) {
    Tensor result{{tensor.dims().begin(), tensor.dims().end()}, {}};
    if (tensor.data_type() == onnx_schema::TensorProto::INT64) {
      result.elements = {tensor.int64_data().begin(), tensor.int64_data().end()};
    } else {
      const auto* data = reinterpret_cast<const float*>(tensor.raw_data().data());
      result.elements = {data, data + tensor.raw_data().size() / sizeof(float)};
    }
    return result;
  }

  static Tensor make(const Index& extents, const std::function<double(const Index&)>& element) {
    Tensor result{extents, {}};
    std::int64_t count = 1;
    for (const std::int64_t extent : extents) count *= extent;
    for (std::int64_t place = 0; place < count; ++place) {
      Index index(extents.size());
      std::int64_t rest = place;
      for (std::size_t d = extents.size(); d-- > 0;) {
        index[d] = rest % extents[d];
        rest /= extents[d];
      }
      result.elements.push_back(element(index));
    }
    return result;
  }

  const Tensor& in(int input) const { return values_.at(node_->input(input)); }
  bool has(int input) const { return input < node_->input_size(); }
  const onnx_schema::AttributeProto* attribute(const std::string& name) const {
    for (const auto& attribute : node_->attribute()) {
      if (attribute.name() == name) return &attribute;
    }
    return nullptr;
  }
  std::int64_t integer(const std::string& name, std::int64_t absent) const {
    return attribute(name) == nullptr ? absent : attribute(name)->i();
  }
  double number(const std::string& name, double absent) const {
    return attribute(name) == nullptr ? absent : static_cast<double>(attribute(name)->f());
  }
  /// Integers that are an input, or else an attribute.
  Index list(int input, const std::string& name) const {
    Index result;
    for (const double element : has(input) ? in(input).elements : std::vector<double>{}) {
      result.push_back(static_cast<std::int64_t>(std::min(element, 1e15)));  // of 64 bits
    }
    if (has(input)) return result;
    if (attribute(name) == nullptr) return {};
    return {attribute(name)->ints().begin(), attribute(name)->ints().end()};
  }
  static std::size_t dimension(std::int64_t axis, std::size_t rank) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
  }

  void compute() {
    if (node_->op_type() == "Split") {
      split();
    } else {
      values_[node_->output(0)] = (this->*operators().at(node_->op_type()))();
    }
  }

  using Operator = Tensor (PlainGraph::*)() const;
  static const std::map<std::string, Operator>& operators() {
    static const std::map<std::string, Operator> kOperators = {
        {"Add", &PlainGraph::add},
        {"Cast", &PlainGraph::same},
        {"Concat", &PlainGraph::concat},
        {"Conv", &PlainGraph::conv},
        {"Div", &PlainGraph::divide},
        {"Erf", &PlainGraph::erf},
        {"Expand", &PlainGraph::expand},
        {"Flatten", &PlainGraph::flatten},
        {"Gather", &PlainGraph::gather},
        {"Gelu", &PlainGraph::gelu},
        {"Gemm", &PlainGraph::gemm},
        {"GlobalAveragePool", &PlainGraph::mean},
        {"LayerNormalization", &PlainGraph::layer_norm},
        {"MatMul", &PlainGraph::matmul},
        {"Mul", &PlainGraph::multiply},
        {"ReduceMean", &PlainGraph::mean},
        {"Relu", &PlainGraph::relu},
        {"Reshape", &PlainGraph::reshape},
        {"Shape", &PlainGraph::shape},
        {"Slice", &PlainGraph::slice},
        {"Softmax", &PlainGraph::softmax},
        {"Sqrt", &PlainGraph::square_root},
        {"Squeeze", &PlainGraph::squeeze},
        {"Transpose", &PlainGraph::transpose},
        {"Unsqueeze", &PlainGraph::unsqueeze},
    };
    return kOperators;
  }

  Tensor add() const { return broadcast(std::plus<>()); }
  Tensor multiply() const { return broadcast(std::multiplies<>()); }
  Tensor divide() const { return broadcast(std::divides<>()); }
  Tensor same() const { return in(0); }
  Tensor relu() const {
    return each([](double x) { return std::max(x, 0.0); });
  }
  Tensor square_root() const {
    return each([](double x) { return std::sqrt(x); });
  }
  Tensor erf() const {
    return each([](double x) { return std::erf(x); });
  }
  Tensor gelu() const {
    return each([](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2))); });
  }
  Tensor shape() const {
    const Index& extents = in(0).extents;
    return {{static_cast<std::int64_t>(extents.size())}, {extents.begin(), extents.end()}};
  }
  Tensor flatten() const {
    const Tensor& from = in(0);
    return {{1, static_cast<std::int64_t>(from.elements.size())}, from.elements};
  }

  template <typename Function>
  Tensor each(Function function) const {
    Tensor result = in(0);
    for (double& element : result.elements) element = function(element);
    return result;
  }

  /// The index of an element that is broadcast to a larger tensor's index.
  static Index source(const Index& index, const Index& extents) {
    Index result(index.end() - static_cast<std::ptrdiff_t>(extents.size()), index.end());
    for (std::size_t d = 0; d < extents.size(); ++d) {
      if (extents[d] == 1) result[d] = 0;
    }
    return result;
  }
  static Index joined(Index a, Index b) {
    a.insert(a.begin(), std::max(a.size(), b.size()) - a.size(), 1);
    b.insert(b.begin(), a.size() - b.size(), 1);
    for (std::size_t d = 0; d < a.size(); ++d) a[d] = std::max(a[d], b[d]);
    return a;
  }
  template <typename Function>
  Tensor broadcast(Function function) const {
    const Tensor& a = in(0);
    const Tensor& b = in(1);
    return make(joined(a.extents, b.extents), [&](const Index& index) {
      return function(a[source(index, a.extents)], b[source(index, b.extents)]);
    });
  }
  Tensor expand() const {
    return make(joined(in(0).extents, list(1, "")),
                [&](const Index& index) { return in(0)[source(index, in(0).extents)]; });
  }

  /// Convolutions of patches: no padding, the stride is the kernel.
  Tensor conv() const {
    const Tensor& weight = in(1);
    const std::int64_t patch = weight.extents[2];
    const Index extents = {1, weight.extents[0], in(0).extents[2] / patch,
                           in(0).extents[3] / patch};
    return make(extents, [&](const Index& index) {
      double sum = has(2) ? in(2)[{index[1]}] : 0;
      for (std::int64_t c = 0; c < weight.extents[1]; ++c) {
        for (std::int64_t y = 0; y < patch; ++y) {
          for (std::int64_t x = 0; x < patch; ++x) {
            sum += weight[{index[1], c, y, x}] *
                   in(0)[{0, c, index[2] * patch + y, index[3] * patch + x}];
          }
        }
      }
      return sum;
    });
  }

  Tensor matmul() const {
    const Tensor& a = in(0);
    const Tensor& b = in(1);
    Index extents = a.extents;
    extents.back() = b.extents.back();
    return make(extents, [&](const Index& index) {
      double sum = 0;
      for (std::int64_t i = 0; i < a.extents.back(); ++i) {
        Index left = index;
        left.back() = i;
        Index right(index.end() - static_cast<std::ptrdiff_t>(b.extents.size()), index.end());
        right[b.extents.size() - 2] = i;
        sum += a[left] * b[right];
      }
      return sum;
    });
  }

  Tensor gemm() const {
    const bool turned = integer("transB", 0) != 0;
    const Tensor& weight = in(1);
    return make({in(0).extents[0], weight.extents[turned ? 0 : 1]}, [&](const Index& index) {
      double sum = 0;
      for (std::int64_t i = 0; i < in(0).extents[1]; ++i) {
        sum += in(0)[{index[0], i}] * (turned ? weight[{index[1], i}] : weight[{i, index[1]}]);
      }
      return number("alpha", 1) * sum +
             (has(2) ? number("beta", 1) * in(2)[source(index, in(2).extents)] : 0);
    });
  }

  Tensor reshape() const {
    Tensor result = in(0);
    Index target = list(1, "");
    std::int64_t known = 1;
    for (std::size_t d = 0; d < target.size(); ++d) {
      if (target[d] == 0) target[d] = result.extents[d];
      if (target[d] != -1) known *= target[d];
    }
    const auto count = static_cast<std::int64_t>(result.elements.size());
    std::replace(target.begin(), target.end(), std::int64_t{-1}, count / known);
    result.extents = target;
    return result;
  }
  Tensor squeeze() const {
    std::vector<std::size_t> dropped;
    for (const std::int64_t axis : list(1, "axes")) {
      dropped.push_back(dimension(axis, in(0).extents.size()));
    }
    Tensor result{{}, in(0).elements};
    for (std::size_t d = 0; d < in(0).extents.size(); ++d) {
      const bool is_kept = std::find(dropped.begin(), dropped.end(), d) == dropped.end();
      if (is_kept) result.extents.push_back(in(0).extents[d]);
    }
    return result;
  }
  Tensor unsqueeze() const {
    Tensor result = in(0);
    const Index axes = list(1, "axes");
    for (const std::int64_t axis : axes) {
      const std::size_t d = dimension(axis, in(0).extents.size() + axes.size());
      result.extents.insert(result.extents.begin() + static_cast<std::ptrdiff_t>(d), 1);
    }
    return result;
  }

  Tensor transpose() const {
    const Index perm(attribute("perm")->ints().begin(), attribute("perm")->ints().end());
    Index extents;
    for (const std::int64_t axis : perm) {
      extents.push_back(in(0).extents[static_cast<std::size_t>(axis)]);
    }
    return make(extents, [&](const Index& index) {
      Index from(index.size());
      for (std::size_t d = 0; d < perm.size(); ++d)
        from[static_cast<std::size_t>(perm[d])] = index[d];
      return in(0)[from];
    });
  }

  Tensor concat() const {
    const std::size_t d = dimension(integer("axis", 0), in(0).extents.size());
    Index extents = in(0).extents;
    for (int i = 1; i < node_->input_size(); ++i) extents[d] += in(i).extents[d];
    return make(extents, [&](const Index& index) {
      Index from = index;
      int input = 0;
      while (from[d] >= in(input).extents[d]) from[d] -= in(input++).extents[d];
      return in(input)[from];
    });
  }

  Tensor gather() const {
    const std::size_t d = dimension(integer("axis", 0), in(0).extents.size());
    const bool keeps = !in(1).extents.empty();
    auto chosen = static_cast<std::int64_t>(in(1).elements.at(0));
    if (chosen < 0) chosen += in(0).extents[d];
    return part(in(0), d, chosen, 1, keeps);
  }
  Tensor slice() const {
    const Index starts = list(1, "");
    const Index ends = list(2, "");
    const Index axes = list(3, "");
    Tensor result = in(0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::size_t d = dimension(axes[i], result.extents.size());
      const std::int64_t extent = result.extents[d];
      const auto place = [&](std::int64_t at) {
        return std::min(at < 0 ? at + extent : at, extent);
      };
      result = part(result, d, place(starts[i]), place(ends[i]) - place(starts[i]), true);
    }
    return result;
  }
  void split() {
    const std::size_t d = dimension(integer("axis", 0), in(0).extents.size());
    std::int64_t begin = 0;
    for (int output = 0; output < node_->output_size(); ++output) {
      const std::int64_t size = has(1) ? list(1, "")[static_cast<std::size_t>(output)]
                                       : in(0).extents[d] / node_->output_size();
      values_[node_->output(output)] = part(in(0), d, begin, size, true);
      begin += size;
    }
  }
  static Tensor part(const Tensor& of, std::size_t d, std::int64_t begin, std::int64_t count,
                     bool keeps) {
    const auto axis = static_cast<std::ptrdiff_t>(d);
    Index extents = of.extents;
    extents[d] = count;
    if (!keeps) extents.erase(extents.begin() + axis);
    return make(extents, [&](const Index& index) {
      Index from = index;
      if (!keeps) from.insert(from.begin() + axis, 0);
      from[d] += begin;
      return of[from];
    });
  }

  Tensor layer_norm() const {
    const std::int64_t features = in(0).extents.back();
    return make(in(0).extents, [&](const Index& index) {
      double mean = 0;
      double variance = 0;
      for (std::int64_t i = 0; i < features; ++i)
        mean += last(index, i) / static_cast<double>(features);
      for (std::int64_t i = 0; i < features; ++i) {
        variance += std::pow(last(index, i) - mean, 2) / static_cast<double>(features);
      }
      return (in(0)[index] - mean) / std::sqrt(variance + number("epsilon", 1e-5)) *
                 in(1)[{index.back()}] +
             (has(2) ? in(2)[{index.back()}] : 0);
    });
  }
  Tensor softmax() const {
    return make(in(0).extents, [&](const Index& index) {
      double sum = 0;
      for (std::int64_t i = 0; i < in(0).extents.back(); ++i) sum += std::exp(last(index, i));
      return std::exp(in(0)[index]) / sum;
    });
  }
  double last(Index index, std::int64_t i) const {
    index.back() = i;
    return in(0)[index];
  }

  Tensor mean() const {
    const std::size_t rank = in(0).extents.size();
    std::vector<bool> reduced(rank, node_->op_type() == "GlobalAveragePool");
    if (reduced[0]) reduced[0] = reduced[1] = false;
    for (const std::int64_t axis : list(1, "axes")) reduced[dimension(axis, rank)] = true;
    Index extents = in(0).extents;
    std::int64_t count = 1;
    for (std::size_t d = 0; d < rank; ++d) {
      if (reduced[d]) count *= std::exchange(extents[d], 1);
    }
    Tensor result = make(extents, [](const Index&) { return 0; });
    make(in(0).extents, [&](const Index& index) {
      std::int64_t place = 0;
      for (std::size_t d = 0; d < rank; ++d)
        place = place * extents[d] + (reduced[d] ? 0 : index[d]);
      result.elements[static_cast<std::size_t>(place)] += in(0)[index] / static_cast<double>(count);
      return 0;
    });
    if (integer("keepdims", 1) != 0) return result;
    Index kept;
    for (std::size_t d = 0; d < rank; ++d) {
      if (!reduced[d]) kept.push_back(extents[d]);
    }
    result.extents = kept;
    return result;
  }

  const onnx_schema::GraphProto& graph_;
  const onnx_schema::NodeProto* node_ = nullptr;
  std::map<std::string, Tensor> values_;
};

}  // namespace gibbon::nn
