#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gibbon::train {

/// Which images of a training set an epoch sees, and in which order: a permutation of all, or
/// without some of those that the network knows well. Of the images whose loss, the last time that
/// they were seen, was below the mean of all seen, each is left out with probability `skip_easy`
/// (InfoBatch, Qin et al., ICLR 2024, arXiv:2303.04947; losses are not scaled up for those left
/// out as there: decision 0012).
class ImageOrder {
 public:
  ImageOrder(int images, std::uint64_t seed, double skip_easy);

  /// The losses of these images, in the same order.
  void learn(std::span<const int> images, std::span<const float> losses);

  /// Rng::forked(seed, "order", epoch)'s permutation.
  std::vector<int> all(std::uint64_t epoch) const;
  /// The same without the easy ones left out; all of them where fewer than `fewest` would stay.
  std::vector<int> without_easy(std::uint64_t epoch, int fewest) const;

 private:
  double mean_loss() const;

  std::uint64_t seed_;
  double skip_easy_;
  std::vector<float> losses_;  ///< by image; infinite: not seen yet
};

}  // namespace gibbon::train
