#include "gibbon/sim/vector_operations.hpp"

namespace gibbon::sim {

namespace {

struct Operations {
  double operator()(const nn::Tokens&) const { return 1; }
  double operator()(const nn::LayerNorm&) const { return 8; }
  double operator()(const nn::Softmax&) const { return 8; }
  double operator()(const nn::Gelu&) const { return 6; }
  template <typename Other>
  double operator()(const Other&) const {
    return 0;
  }
};

}  // namespace

double operations_per_element(const nn::LayerParameters& parameters) {
  return std::visit(Operations{}, parameters);
}

}  // namespace gibbon::sim
