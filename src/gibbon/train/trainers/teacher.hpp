#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <vector>

#include "gibbon/train/trainer.hpp"
#include "gibbon/train/trainers/training_loop.hpp"

namespace gibbon::train {

/// What a trained network says of every training image, as it is and once: a student that sees the
/// image changed is told the same.
class Teacher {
 public:
  /// Throws base::Error if the teacher does not take these images.
  Teacher(const Distillation& distillation, const data::ImageSet& images, const Session& session);

  /// The loss of a batch: `own`, that of its labels, times 1 - weight, and the cross-entropy to the
  /// teacher's answers, both softened by the temperature, times weight and temperature^2 (Hinton,
  /// Vinyals and Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531, section
  /// 2). `logits` [images, classes]; `images` are their indices in the set.
  at::Tensor loss(const at::Tensor& own, const at::Tensor& logits,
                  const std::vector<int>& images) const;

 private:
  double weight_;
  double temperature_;
  at::Tensor answers_;  // [images of the set, classes]
};

}  // namespace gibbon::train
