#include "gibbon/train/trainers/image_order.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "gibbon/base/rng.hpp"

namespace gibbon::train {

namespace {
constexpr float kUnseen = std::numeric_limits<float>::infinity();
}

ImageOrder::ImageOrder(int images, std::uint64_t seed, double skip_easy)
    : seed_(seed), skip_easy_(skip_easy), losses_(static_cast<std::size_t>(images), kUnseen) {}

void ImageOrder::learn(std::span<const int> images, std::span<const float> losses) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    losses_[static_cast<std::size_t>(images[i])] = losses[i];
  }
}

std::vector<int> ImageOrder::all(std::uint64_t epoch) const {
  std::vector<int> order(losses_.size());
  std::iota(order.begin(), order.end(), 0);
  base::Rng::forked(seed_, "order", epoch).shuffle(order);
  return order;
}

std::vector<int> ImageOrder::without_easy(std::uint64_t epoch, int fewest) const {
  const double mean = mean_loss();
  base::Rng rng = base::Rng::forked(seed_, "easy images", epoch);
  std::vector<bool> is_left_out;
  for (const float loss : losses_) is_left_out.push_back(loss < mean && rng.uniform() < skip_easy_);
  std::vector<int> order = all(epoch);
  std::erase_if(order, [&](int image) { return is_left_out[static_cast<std::size_t>(image)]; });
  return static_cast<int>(order.size()) < fewest ? all(epoch) : order;
}

double ImageOrder::mean_loss() const {
  double sum = 0;
  int seen = 0;
  for (const float loss : losses_) {
    if (loss == kUnseen) continue;
    sum += static_cast<double>(loss);
    ++seen;
  }
  return seen > 0 ? sum / seen : 0;
}

}  // namespace gibbon::train
