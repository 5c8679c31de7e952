#include <ATen/ATen.h>

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/train/trainers/teacher.hpp"
#include "gibbon/train/trainers/trained_path.hpp"

namespace gibbon::train {

namespace {

at::Tensor answers_of(const nn::TrainedNetwork& teacher, const data::ImageSet& images,
                      const Session& session) {
  require_images(teacher.network, images, "teacher");
  Path path = frozen_path(teacher, session.device());
  std::vector<at::Tensor> batches;
  for_each_batch(path, images, session, true,
                 [&](const at::Tensor& logits, const data::ImageBatch&) {
                   batches.push_back(logits.clone());
                 });
  return at::cat(batches);
}

}  // namespace

Teacher::Teacher(const Distillation& distillation, const data::ImageSet& images,
                 const Session& session)
    : weight_(distillation.weight),
      temperature_(distillation.temperature),
      answers_(answers_of(distillation.teacher, images, session)) {}

at::Tensor Teacher::loss(const at::Tensor& own, const at::Tensor& logits,
                         const std::vector<int>& images) const {
  const at::Tensor told = answers_.index_select(0, at::tensor(images, at::kLong)).to(own.device());
  const at::Tensor wanted = at::softmax(told / temperature_, 1);
  const at::Tensor given = at::log_softmax(logits / temperature_, 1);
  const at::Tensor apart = -(wanted * given).sum(1).mean() * (temperature_ * temperature_);
  return own * (1.0 - weight_) + apart * weight_;
}

}  // namespace gibbon::train
