#include "gibbon/nn/importers/onnx/constant_operators.hpp"

namespace gibbon::nn::onnx {

ConstantOperator find_constant_operator(const std::string& name) {
  for (const ConstantOperators* operators : {&elementwise_operators(), &moving_operators()}) {
    const auto found = operators->find(name);
    if (found != operators->end()) return found->second;
  }
  return nullptr;
}

}  // namespace gibbon::nn::onnx
