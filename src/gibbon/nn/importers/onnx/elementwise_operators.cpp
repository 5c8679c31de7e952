#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/constant_operators.hpp"

namespace gibbon::nn::onnx {

namespace {

using Integers = ConstantTensor::Integers;
using Floats = ConstantTensor::Floats;

void require_one_type(const ConstantTensor& a, const ConstantTensor& b) {
  if (a.is_integer() != b.is_integer()) refuse_constant("its inputs are of different types");
}

/// The extents to which both broadcast.
Extents common_extents(const ConstantInputs& in, const Extents& a, const Extents& b) {
  if (a.size() < b.size()) return common_extents(in, b, a);
  Extents result = a;
  const std::size_t missing = a.size() - b.size();
  for (std::size_t d = 0; d < b.size(); ++d) {
    std::int64_t& extent = result[missing + d];
    if (extent == 1) extent = b[d];
    if (extent == b[d] || b[d] == 1) continue;
    throw base::Error(fmt::format("{}: constants of shapes {} and {} do not fit",
                                  describe(in.node()), to_text(a), to_text(b)));
  }
  in.require_room(result);
  return result;
}

ConstantTensor broadcast(const ConstantTensor& constant, const Extents& extents) {
  return pick(constant, broadcast_layout(constant.extents, extents));
}

struct Operands {
  ConstantTensor first;
  ConstantTensor second;
};

Operands broadcast_operands(const ConstantInputs& in) {
  require_one_type(in[0], in[1]);
  const Extents extents = common_extents(in, in[0].extents, in[1].extents);
  return {broadcast(in[0], extents), broadcast(in[1], extents)};
}

/// `of_integers` gives false where the result does not fit 64 bits.
template <typename OfIntegers, typename OfFloats>
ConstantTensor arithmetic(const ConstantInputs& in, OfIntegers of_integers, OfFloats of_floats) {
  Operands operands = broadcast_operands(in);
  if (auto* integers = std::get_if<Integers>(&operands.first.elements)) {
    const auto& others = std::get<Integers>(operands.second.elements);
    for (std::size_t i = 0; i < integers->size(); ++i) {
      std::int64_t result = 0;
      if (!of_integers((*integers)[i], others[i], result)) {
        refuse_constant(
            fmt::format("{} and {} have no result of 64 bits", (*integers)[i], others[i]));
      }
      (*integers)[i] = result;
    }
  } else {
    auto& floats = std::get<Floats>(operands.first.elements);
    const auto& others = std::get<Floats>(operands.second.elements);
    for (std::size_t i = 0; i < floats.size(); ++i) floats[i] = of_floats(floats[i], others[i]);
  }
  return std::move(operands.first);
}

ConstantTensor add(const ConstantInputs& in) {
  return arithmetic(
      in, [](auto a, auto b, auto& sum) { return !__builtin_add_overflow(a, b, &sum); },
      [](float a, float b) { return a + b; });
}

ConstantTensor subtract(const ConstantInputs& in) {
  return arithmetic(
      in, [](auto a, auto b, auto& rest) { return !__builtin_sub_overflow(a, b, &rest); },
      [](float a, float b) { return a - b; });
}

ConstantTensor multiply(const ConstantInputs& in) {
  return arithmetic(
      in, [](auto a, auto b, auto& product) { return !__builtin_mul_overflow(a, b, &product); },
      [](float a, float b) { return a * b; });
}

bool quotient_of(std::int64_t a, std::int64_t b, std::int64_t& quotient) {
  const bool overflows = a == std::numeric_limits<std::int64_t>::min() && b == -1;
  if (b == 0 || overflows) return false;
  quotient = a / b;
  return true;
}

ConstantTensor divide(const ConstantInputs& in) {
  return arithmetic(in, quotient_of, [](float a, float b) { return a / b; });
}

ConstantTensor equal(const ConstantInputs& in) {
  const Operands operands = broadcast_operands(in);
  const auto compare = [&](const auto& first) {
    const auto& second = std::get<std::decay_t<decltype(first)>>(operands.second.elements);
    Integers result(first.size());
    for (std::size_t i = 0; i < first.size(); ++i) result[i] = first[i] == second[i] ? 1 : 0;
    return result;
  };
  return {operands.first.extents, std::visit(compare, operands.first.elements)};
}

ConstantTensor where(const ConstantInputs& in) {
  require_one_type(in[1], in[2]);
  if (!in[0].is_integer()) refuse_constant("its condition is of type FLOAT");
  const Extents extents =
      common_extents(in, common_extents(in, in[0].extents, in[1].extents), in[2].extents);
  const ConstantTensor condition = broadcast(in[0], extents);
  ConstantTensor result = broadcast(in[1], extents);
  const ConstantTensor other = broadcast(in[2], extents);
  const auto& holds = std::get<Integers>(condition.elements);
  std::visit(
      [&](auto& elements) {
        const auto& others = std::get<std::decay_t<decltype(elements)>>(other.elements);
        for (std::size_t i = 0; i < elements.size(); ++i) {
          if (holds[i] == 0) elements[i] = others[i];
        }
      },
      result.elements);
  return result;
}

ConstantTensor absolute(const ConstantInputs& in) {
  ConstantTensor result = in[0];
  const auto make_positive = [](auto& elements) {
    for (auto& element : elements) {
      if (element == std::numeric_limits<std::int64_t>::min()) {
        refuse_constant(fmt::format("{} has no result of 64 bits", element));
      }
      element = std::abs(element);
    }
  };
  std::visit(make_positive, result.elements);
  return result;
}

ConstantTensor square_root(const ConstantInputs& in) {
  ConstantTensor result = in[0];
  if (result.is_integer()) refuse_constant("it takes the root of integers");
  for (float& value : std::get<Floats>(result.elements)) value = std::sqrt(value);
  return result;
}

ConstantTensor cast(const ConstantInputs& in) {
  const ConstantTensor& from = in[0];
  const std::int64_t type = integer_attribute(in.node(), "to", TensorProto::UNDEFINED);
  const bool to_floats = type == TensorProto::FLOAT || type == TensorProto::DOUBLE;
  const bool to_integers = type == TensorProto::INT64 || type == TensorProto::INT32;
  if (!to_floats && !to_integers) refuse_constant(fmt::format("it casts to type {}", type));
  if (to_integers == from.is_integer()) return from;
  if (to_floats) {
    const auto& integers = std::get<Integers>(from.elements);
    return {from.extents, Floats(integers.begin(), integers.end())};
  }
  Integers result;
  for (const float value : std::get<Floats>(from.elements)) {
    constexpr float kLargest = 9.0e18F;
    if (!(std::abs(value) < kLargest)) {
      refuse_constant(fmt::format("{} has no result of 64 bits", value));
    }
    result.push_back(static_cast<std::int64_t>(value));
  }
  return {from.extents, std::move(result)};
}

ConstantTensor constant_of_shape(const ConstantInputs& in) {
  in.require_room(in.integers(0));
  ConstantTensor value{{}, Floats{0}};
  if (const AttributeProto* given = find_attribute(in.node(), "value")) {
    value = read_constant(given->t());
  }
  if (elements_in(value.extents) != 1) refuse_constant("its value is not one number");
  value.extents.clear();
  return broadcast(value, in.integers(0));
}

ConstantTensor expand(const ConstantInputs& in) {
  in.require_room(in.integers(1));
  return broadcast(in[0], common_extents(in, in[0].extents, in.integers(1)));
}

}  // namespace

const ConstantOperators& elementwise_operators() {
  static const ConstantOperators kOperators = {
      {"Abs", absolute},     {"Add", add},
      {"Cast", cast},        {"ConstantOfShape", constant_of_shape},
      {"Div", divide},       {"Equal", equal},
      {"Expand", expand},    {"Mul", multiply},
      {"Sqrt", square_root}, {"Sub", subtract},
      {"Where", where},
  };
  return kOperators;
}

}  // namespace gibbon::nn::onnx
