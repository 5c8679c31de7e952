#include <ATen/ATen.h>

#include "gibbon/train/trainers/weight_average.hpp"

namespace gibbon::train {

void WeightAverage::add(const Path& path) {
  const c10::NoGradGuard no_grad;
  ++count_;
  if (means_.empty()) {
    for (const TrainedTensor& tensor : path.trained)
      means_.push_back(tensor.value.detach().clone());
    return;
  }
  const double weight = 1.0 / static_cast<double>(count_);
  for (std::size_t i = 0; i < means_.size(); ++i) means_[i].lerp_(path.trained[i].value, weight);
}

void WeightAverage::put_into(Path& path) const {
  const c10::NoGradGuard no_grad;
  for (std::size_t i = 0; i < means_.size(); ++i) path.trained[i].value.copy_(means_[i]);
}

}  // namespace gibbon::train
