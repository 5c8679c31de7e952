#include "gibbon/sim/accuracy_simulator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/base/parallel.hpp"
#include "gibbon/sim/inference/network_runner.hpp"

namespace gibbon::sim {

namespace {

/// Images that run through the network together: enough to fill the vectors of linear layers, few
/// enough for their activations to stay in the cache.
constexpr int kChunkImages = 16;
/// Images that measure_accuracy holds as floats at a time.
constexpr int kBatchImages = 512;

class CrossbarSimulator final : public AccuracySimulator {
 public:
  CrossbarSimulator(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                    const AccuracyOptions& options)
      : runner_(trained, hardware, options), options_(options) {}

  std::vector<float> logits(const data::ImageBatch& batch) const override {
    require_image_shape(runner_.network(), batch);
    const auto classes = static_cast<std::size_t>(runner_.network().description().num_classes);
    std::vector<float> result(static_cast<std::size_t>(batch.count) * classes);
    const int chunk = chunk_size(batch.count);
    const int chunks = chunk == 0 ? 0 : (batch.count + chunk - 1) / chunk;
    base::parallel_for(static_cast<std::size_t>(chunks), options_.threads, [&](std::size_t index) {
      const int first = static_cast<int>(index) * chunk;
      const Tensor output = runner_.run(images_of(batch, first, chunk));
      std::copy(output.values.begin(), output.values.end(),
                result.begin() + static_cast<long>(first) * static_cast<long>(classes));
    });
    return result;
  }

 private:
  int chunk_size(int count) const {
    if (options_.mnsim_range_update) return count;  // the batch is one whole there
    const int threads = std::max(options_.threads, 1);
    return std::min((count + threads - 1) / threads, kChunkImages);
  }

  Tensor images_of(const data::ImageBatch& batch, int first, int count) const {
    Tensor images(std::min(count, batch.count - first), runner_.network().input());
    const auto begin = batch.pixels.begin() + static_cast<long>(first) * images.shape.elements();
    std::copy_n(begin, images.values.size(), images.values.begin());
    return images;
  }

  NetworkRunner runner_;
  AccuracyOptions options_;
};

}  // namespace

std::unique_ptr<AccuracySimulator> make_accuracy_simulator(const nn::TrainedNetwork& trained,
                                                           const hw::HardwareConfig& hardware,
                                                           const AccuracyOptions& options) {
  return std::make_unique<CrossbarSimulator>(trained, hardware, options);
}

void require_image_shape(const nn::Network& network, const data::ImageBatch& batch) {
  const nn::Shape& input = network.input();
  if (nn::Shape{batch.channels, batch.height, batch.width} == input) return;
  throw base::Error(fmt::format("images are {}x{}x{}, network '{}' takes {}x{}x{}", batch.channels,
                                batch.height, batch.width, network.description().name,
                                input.channels, input.height, input.width));
}

bool is_right(std::span<const float> logits, int label) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin() == label;
}

std::vector<bool> right_answers(const AccuracySimulator& simulator, const data::ImageBatch& batch) {
  const std::vector<float> logits = simulator.logits(batch);
  const auto images = static_cast<std::size_t>(batch.count);
  const std::size_t classes = images == 0 ? 0 : logits.size() / images;
  std::vector<bool> right;
  for (std::size_t image = 0; image < images; ++image) {
    right.push_back(
        is_right(std::span(logits).subspan(image * classes, classes), batch.labels[image]));
  }
  return right;
}

AccuracyResult measure_accuracy(const AccuracySimulator& simulator, const data::ImageSet& images,
                                int limit) {
  AccuracyResult result;
  result.images = std::clamp(limit, 0, images.count());
  for (int first = 0; first < result.images; first += kBatchImages) {
    const int count = std::min(kBatchImages, result.images - first);
    const std::vector<bool> right =
        right_answers(simulator, data::make_batch(images, first, count));
    result.correct += static_cast<int>(std::count(right.begin(), right.end(), true));
  }
  return result;
}

}  // namespace gibbon::sim
