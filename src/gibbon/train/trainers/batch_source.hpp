#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "gibbon/data/augmentation.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::train {

/// The augmented mini-batches of a training, in an order that the seed and the step alone decide:
/// each epoch is a new permutation (Rng::forked(seed, "order", epoch)), its incomplete last batch
/// left out; a set smaller than a batch is one batch. The first of `total_steps` are small crops,
/// if the options say so. The next batch is made on a thread of its own while this one trains. Not
/// thread-safe. `images` must outlive it.
class BatchSource {
 public:
  struct Batch {
    data::ImageBatch images;
    std::vector<int> indices;  ///< of them in the set
  };

  BatchSource(const data::ImageSet& images, const TrainOptions& options, std::int64_t first_step,
              std::int64_t total_steps);

  Batch next();

 private:
  Batch make(std::int64_t step);

  const data::ImageSet& images_;
  TrainOptions options_;
  std::int64_t batch_size_;
  std::int64_t steps_per_epoch_;
  std::int64_t small_steps_;
  std::int64_t step_;
  std::int64_t epoch_ = -1;
  std::vector<int> order_;
  std::future<Batch> pending_;
};

/// Steps in one epoch of BatchSource.
std::int64_t steps_per_epoch(const data::ImageSet& images, int batch_size);

}  // namespace gibbon::train
