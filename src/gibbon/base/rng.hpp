#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace gibbon::base {

/// A seeded stream of random numbers. Streams are forked by purpose and index, never shared between
/// tasks, so that a result does not depend on the number of threads or on the order of the work.
/// The sequence is our own (SplitMix64; Steele, Lea, Flood, OOPSLA 2014) and the distributions are
/// written out, so that it is the same with every standard library.
/// Not safe to share between threads: fork one for each.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  /// A stream that depends on this stream's seed, the purpose and the index, not on its position.
  static Rng forked(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  std::uint64_t next();
  /// Uniform in [0, 1) with 53 random bits.
  double uniform();
  /// Uniform in [0, bound), without bias; bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box-Muller, two draws a value).
  double normal();
  /// An index drawn in proportion to non-negative weights, at least one of them > 0.
  std::size_t weighted(const std::vector<double>& weights);

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace gibbon::base
