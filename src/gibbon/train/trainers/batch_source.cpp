#include "gibbon/train/trainers/batch_source.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace gibbon::train {

std::int64_t steps_per_epoch(const data::ImageSet& images, int batch_size) {
  return std::max(1, images.count() / batch_size);
}

std::int64_t steps_in(double share, std::int64_t steps) {
  return std::llround(share * static_cast<double>(steps));
}

namespace {

constexpr double kShareWithoutSomeImages = 0.875;  // InfoBatch's delta

std::int64_t small_steps(const SmallCrops& crops, std::int64_t total_steps) {
  return crops.size == 0 ? 0 : steps_in(crops.share, total_steps);
}

data::AugmentationOptions plain(data::AugmentationOptions augmentation) {
  augmentation.crop_padding = 0;
  augmentation.cutout = 0;
  return augmentation;
}

}  // namespace

BatchSource::BatchSource(const data::ImageSet& images, const TrainOptions& options,
                         std::int64_t first_step, std::int64_t total_steps, Curriculum curriculum)
    : images_(images),
      options_(options),
      batch_size_(std::min(options.batch_size, images.count())),
      total_steps_(total_steps),
      small_steps_(small_steps(options.small_crops, total_steps)),
      first_plain_step_(total_steps - steps_in(curriculum.plain_share, total_steps)),
      image_order_(images.count(), options.seed, curriculum.skip_easy),
      step_(first_step),
      epoch_(first_step / steps_per_epoch(images, options.batch_size)),
      order_(image_order_.all(static_cast<std::uint64_t>(epoch_))),
      step_of_epoch_(static_cast<std::size_t>(first_step) % epoch_steps()) {
  pending_ = std::async(std::launch::async, [this] { return make(); });
}

BatchSource::Batch BatchSource::next() {
  Batch batch = pending_.get();
  for (const Lesson& lesson : lessons_) image_order_.learn(lesson.indices, lesson.losses);
  lessons_.clear();
  pending_ = std::async(std::launch::async, [this] { return make(); });
  return batch;
}

void BatchSource::learn(std::vector<int> indices, std::vector<float> losses) {
  lessons_.push_back({std::move(indices), std::move(losses)});
}

BatchSource::Batch BatchSource::make() {
  if (step_of_epoch_ == epoch_steps()) begin_epoch();
  const auto batch = static_cast<std::size_t>(batch_size_);
  const std::span<const int> indices(order_.data() + step_of_epoch_ * batch, batch);
  data::AugmentationOptions augmentation =
      step_ < first_plain_step_ ? options_.augmentation : plain(options_.augmentation);
  if (step_ < small_steps_) augmentation.crop_size = options_.small_crops.size;
  ++step_;
  ++step_of_epoch_;
  return {data::augmented_batch(images_, indices, augmentation, options_.seed,
                                static_cast<std::uint64_t>(epoch_), 1),
          {indices.begin(), indices.end()}};
}

void BatchSource::begin_epoch() {
  ++epoch_;
  step_of_epoch_ = 0;
  const bool is_late =
      step_ >= first_plain_step_ ||
      static_cast<double>(step_) >= kShareWithoutSomeImages * static_cast<double>(total_steps_);
  const auto epoch = static_cast<std::uint64_t>(epoch_);
  order_ = is_late ? image_order_.all(epoch) : image_order_.without_easy(epoch, batch_size_);
}

}  // namespace gibbon::train
