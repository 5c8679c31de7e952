#include "gibbon/train/trainers/batch_source.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbon/base/rng.hpp"

namespace gibbon::train {

std::int64_t steps_per_epoch(const data::ImageSet& images, int batch_size) {
  return std::max(1, images.count() / batch_size);
}

namespace {

std::int64_t small_steps(const SmallCrops& crops, std::int64_t total_steps) {
  if (crops.size == 0) return 0;
  return std::llround(crops.share * static_cast<double>(total_steps));
}

}  // namespace

BatchSource::BatchSource(const data::ImageSet& images, const TrainOptions& options,
                         std::int64_t first_step, std::int64_t total_steps)
    : images_(images),
      options_(options),
      batch_size_(std::min(options.batch_size, images.count())),
      steps_per_epoch_(steps_per_epoch(images, options.batch_size)),
      small_steps_(small_steps(options.small_crops, total_steps)),
      step_(first_step) {
  pending_ = std::async(std::launch::async, [this] { return make(step_); });
}

BatchSource::Batch BatchSource::next() {
  Batch batch = pending_.get();
  ++step_;
  pending_ = std::async(std::launch::async, [this] { return make(step_); });
  return batch;
}

BatchSource::Batch BatchSource::make(std::int64_t step) {
  const std::int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    order_.resize(static_cast<std::size_t>(images_.count()));
    std::iota(order_.begin(), order_.end(), 0);
    base::Rng::forked(options_.seed, "order", static_cast<std::uint64_t>(epoch)).shuffle(order_);
    epoch_ = epoch;
  }
  const auto first = static_cast<std::size_t>(step % steps_per_epoch_ * batch_size_);
  const std::span<const int> indices(order_.data() + first, static_cast<std::size_t>(batch_size_));
  data::AugmentationOptions augmentation = options_.augmentation;
  if (step < small_steps_) augmentation.crop_size = options_.small_crops.size;
  return {data::augmented_batch(images_, indices, augmentation, options_.seed,
                                static_cast<std::uint64_t>(epoch), 1),
          {indices.begin(), indices.end()}};
}

}  // namespace gibbon::train
