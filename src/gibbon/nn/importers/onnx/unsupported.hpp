#pragma once

#include <stdexcept>

namespace gibbon::nn::onnx {

/// Why a node that is valid ONNX cannot be imported.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace gibbon::nn::onnx
