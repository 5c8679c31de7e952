#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "gibbon/data/augmentation.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainers/image_order.hpp"

namespace gibbon::train {

/// How the images that a training sees change over its steps: FinalTrainOptions of these names.
struct Curriculum {
  double skip_easy = 0;
  double plain_share = 0;
};

/// The augmented mini-batches of a training, in an order that the seed and the step alone decide:
/// each epoch is a new permutation, its incomplete last batch left out; a set smaller than a batch
/// is one batch. With `skip_easy` the losses decide, too: epochs that begin before the last eighth
/// of `total_steps` leave out easy images (image_order.hpp) and take fewer steps. The first of
/// `total_steps` are small crops, if the options say so, the last ones plain images. The next batch
/// is made on a thread of its own while this one trains. Not thread-safe. `images` are one or more
/// and must outlive it.
class BatchSource {
 public:
  struct Batch {
    data::ImageBatch images;
    std::vector<int> indices;  ///< of them in the set
  };

  /// Begins with `first_step`, as if no image had been left out before it.
  BatchSource(const data::ImageSet& images, const TrainOptions& options, std::int64_t first_step,
              std::int64_t total_steps, Curriculum curriculum = {});

  Batch next();
  /// The losses of a batch's images, in its order. They count from the batch after the next one on.
  void learn(std::vector<int> indices, std::vector<float> losses);

 private:
  struct Lesson {
    std::vector<int> indices;
    std::vector<float> losses;
  };

  Batch make();
  void begin_epoch();
  std::size_t epoch_steps() const { return order_.size() / static_cast<std::size_t>(batch_size_); }

  const data::ImageSet& images_;
  TrainOptions options_;
  int batch_size_;
  std::int64_t total_steps_;
  std::int64_t small_steps_;
  std::int64_t first_plain_step_;
  ImageOrder image_order_;
  std::int64_t step_;       ///< of the batch that is made next
  std::int64_t epoch_;      ///< of that step
  std::vector<int> order_;  ///< of the epoch's images
  std::size_t step_of_epoch_;
  std::vector<Lesson> lessons_;  ///< not passed on yet
  std::future<Batch> pending_;
};

/// So many of `steps` are a share, 0 to 1, of them.
std::int64_t steps_in(double share, std::int64_t steps);

/// Steps in one epoch of all images.
std::int64_t steps_per_epoch(const data::ImageSet& images, int batch_size);

}  // namespace gibbon::train
