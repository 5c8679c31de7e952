#pragma once

#include <map>
#include <string>

#include "gibbon/nn/importers/onnx/constant_inputs.hpp"

namespace gibbon::nn::onnx {

/// Computes the one output of a node. Throws base::Error where its inputs do not fit it,
/// Unsupported where the result is none that can be held: empty, too large, beyond 64 bits.
using ConstantOperator = ConstantTensor (*)(const ConstantInputs&);
using ConstantOperators = std::map<std::string, ConstantOperator>;  // by name

/// That of an operator's name; nullptr where there is none.
ConstantOperator find_constant_operator(const std::string& name);

/// Operators on elements: Abs, Add, Cast, ConstantOfShape, Div, Equal, Expand, Mul, Sqrt, Sub and
/// Where. Truth is an integer, 1 or 0.
const ConstantOperators& elementwise_operators();

/// Operators that choose or move elements: Concat, Gather, Reshape, Slice, Squeeze, Transpose and
/// Unsqueeze.
const ConstantOperators& moving_operators();

}  // namespace gibbon::nn::onnx
