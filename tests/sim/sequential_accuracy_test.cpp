#include "gibbon/sim/sequential_accuracy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::sim {
namespace {

constexpr double kHalfWidth = 0.005;

using test::error_of;

TEST(DifferenceInterval, WithoutImagesEverythingIsPossible) {
  const DifferenceInterval interval = difference_interval({}, 100);
  EXPECT_EQ(interval.low, -1);
  EXPECT_EQ(interval.high, 1);
}

TEST(DifferenceInterval, OfAllImagesIsTheDifference) {
  const DifferenceInterval interval = difference_interval({200, 3, 13}, 200);
  EXPECT_EQ(interval.low, -0.05);
  EXPECT_EQ(interval.high, -0.05);
  EXPECT_EQ(interval.half_width(), 0);
}

/// No discordant image in n of N: K of them are refuted where all n missed them, which has the
/// probability C(N - K, n) / C(N, n) = product over i < K of (N - n - i) / (N - i).
TEST(DifferenceInterval, WithoutDiscordanceIsTheExactBound) {
  for (const auto& [n, population] : {std::pair{500, 10000}, {900, 10000}, {150, 200}}) {
    const DifferenceInterval interval = difference_interval({n, 0, 0}, population);
    EXPECT_DOUBLE_EQ(interval.low, -interval.high);
    const int possible = static_cast<int>(std::lround(interval.high * population));
    const auto missed = [&](int marked) {
      double probability = 1;
      for (int i = 0; i < marked; ++i) probability *= (population - n - i) / (population - i + 0.0);
      return probability;
    };
    // At most 2.5 % for each side, and not far below it.
    EXPECT_LT(missed(possible + 1), 0.025) << n;
    EXPECT_GT(missed(possible), 0.015) << n;
  }
}

/// Hand calculation at large counts, where the score interval is the normal one: with b = 300,
/// c = 500 of 20,000 in a population of 1,000,000 the difference is -0.01, its variance
/// (0.04 - 0.0001) / 20,000 x 0.98.
TEST(DifferenceInterval, IsNormalForLargeCounts) {
  const DifferenceInterval interval = difference_interval({20000, 300, 500}, 1000000);
  const double deviation = std::sqrt((0.04 - 0.0001) / 20000 * 0.98);
  EXPECT_NEAR((interval.low + interval.high) / 2, -0.01, 0.02 * deviation);
  const double quantiles = interval.half_width() / deviation;
  EXPECT_GT(quantiles, 1.96);  // of one look alone
  EXPECT_LT(quantiles, 2.15);
}

TEST(DifferenceInterval, MirrorsGainsAndLosses) {
  for (const auto& [gained, lost] : {std::pair{0, 4}, {2, 9}, {30, 30}, {0, 400}}) {
    const DifferenceInterval one = difference_interval({1000, gained, lost}, 10000);
    const DifferenceInterval other = difference_interval({1000, lost, gained}, 10000);
    EXPECT_NEAR(one.low, -other.high, 1e-9);
    EXPECT_NEAR(one.high, -other.low, 1e-9);
    EXPECT_LE(one.low, (gained - lost) / 1000.0);
    EXPECT_GE(one.high, (gained - lost) / 1000.0);
  }
}

TEST(DifferenceInterval, EveryDifferenceOfASampleThatIsAllLost) {
  const DifferenceInterval interval = difference_interval({50, 0, 50}, 10000);
  EXPECT_NEAR(interval.low, -1, 1e-9);
  EXPECT_LT(interval.high, -0.8);
}

TEST(DifferenceInterval, RefusesImpossibleCounts) {
  EXPECT_EQ(error_of([] {
              difference_interval({10, 6, 5}, 100);
            }),
            "6 gained and 5 lost of 10 images of 100 are not possible");
  EXPECT_EQ(error_of([] {
              difference_interval({10, -1, 5}, 100);
            }),
            "-1 gained and 5 lost of 10 images of 100 are not possible");
  EXPECT_EQ(error_of([] {
              difference_interval({10, 1, -5}, 100);
            }),
            "1 gained and -5 lost of 10 images of 100 are not possible");
  EXPECT_EQ(error_of([] {
              difference_interval({101, 1, 5}, 100);
            }),
            "1 gained and 5 lost of 101 images of 100 are not possible");
  EXPECT_EQ(error_of([] { difference_interval({100, 60, 40}, 100); }), "no error");
}

/// Streams of known differences, through the stopping rule. Intervals are kept, the streams meet
/// the same counts again and again.
class Streams {
 public:
  Streams(int population, double half_width) : population_(population), half_width_(half_width) {}

  struct Outcome {
    double coverage = 0;
    int median_images = 0;
  };

  /// `gained` and `lost` of the population, in `count` random orders.
  Outcome run(int gained, int lost, int count, std::uint64_t seed) {
    std::vector<int> images;
    int covered = 0;
    const double truth = static_cast<double>(gained - lost) / population_;
    for (int stream = 0; stream < count; ++stream) {
      base::Rng rng = base::Rng::forked(seed, "stream", static_cast<std::uint64_t>(stream));
      const PairedCounts counts = stop(gained, lost, rng);
      const DifferenceInterval& interval = at(counts);
      covered += interval.low <= truth + 1e-12 && truth <= interval.high + 1e-12;
      images.push_back(counts.images);
    }
    std::sort(images.begin(), images.end());
    return {static_cast<double>(covered) / count, images[images.size() / 2]};
  }

 private:
  /// Draws without replacement, look by look.
  PairedCounts stop(int gained, int lost, base::Rng& rng) {
    PairedCounts counts;
    while (counts.images < population_ && at(counts).half_width() > half_width_) {
      for (int i = 0; i < kLookImages && counts.images < population_; ++i) {
        const auto draw =
            static_cast<int>(rng.below(static_cast<std::uint64_t>(population_ - counts.images)));
        const int gains_left = gained - counts.gained;
        const int losses_left = lost - counts.lost;
        ++counts.images;
        if (draw < gains_left) {
          ++counts.gained;
        } else if (draw < gains_left + losses_left) {
          ++counts.lost;
        }
      }
    }
    return counts;
  }

  const DifferenceInterval& at(const PairedCounts& counts) {
    const auto key = std::tuple{counts.images, counts.gained, counts.lost};
    const auto found = intervals_.find(key);
    if (found != intervals_.end()) return found->second;
    return intervals_[key] = difference_interval(counts, population_);
  }

  int population_;
  double half_width_;
  std::map<std::tuple<int, int, int>, DifferenceInterval> intervals_;
};

/// 500 orders for each rate of discordant images. The medians allowed are those of this seed and a
/// little more.
TEST(SequentialTest, CoversAndIsTight) {
  struct Case {
    int gained;
    int lost;
    int most_images;  ///< median allowed
  };
  constexpr std::uint64_t kSeed = 71;
  Streams streams(10000, kHalfWidth);
  double covered = 0;
  const std::vector<Case> cases = {
      {0, 0, 1000},     {0, 10, 1050},    {5, 25, 1200},   {0, 50, 1300},  {25, 25, 1450},
      {20, 80, 2000},   {50, 50, 2000},   {0, 100, 2000},  {75, 75, 2500}, {0, 200, 3000},
      {100, 100, 3000}, {100, 300, 4100}, {500, 500, 6300}};
  for (const Case& c : cases) {
    const Streams::Outcome outcome = streams.run(c.gained, c.lost, 500, kSeed);
    // 94 % leaves a standard error of 1 % for a procedure of 95 %.
    EXPECT_GE(outcome.coverage, 0.94) << c.gained << "/" << c.lost << ", seed " << kSeed;
    EXPECT_LE(outcome.median_images, c.most_images) << c.gained << "/" << c.lost;
    covered += outcome.coverage / static_cast<double>(cases.size());
    RecordProperty("images_" + std::to_string(c.gained) + "_" + std::to_string(c.lost),
                   outcome.median_images);
  }
  EXPECT_GE(covered, 0.95);
}

TEST(SequentialTest, CoversInSmallSetsAndWideIntervals) {
  constexpr std::uint64_t kSeed = 73;
  for (const auto& [population, half_width] : {std::pair{1000, 0.01}, {500, 0.03}, {2000, 0.02}}) {
    Streams streams(population, half_width);
    for (const double rate : {0.004, 0.01, 0.03, 0.1}) {
      for (const double share : {0.0, 0.2, 0.5}) {
        const int marked = static_cast<int>(std::lround(rate * population));
        const int gained = static_cast<int>(std::lround(share * marked));
        EXPECT_GE(streams.run(gained, marked - gained, 500, kSeed).coverage, 0.94)
            << population << ", " << rate << ", " << share << ", seed " << kSeed;
      }
    }
  }
}

TEST(SequentialTest, NoDiscordanceDoesNotStopAtOnce) {
  EXPECT_FALSE(is_narrow_enough({}, 10000, kHalfWidth));
  EXPECT_FALSE(is_narrow_enough({kLookImages, 0, 0}, 10000, kHalfWidth));
  // 3.7 / 0.005 = 740 images for 2.5 % on either side; more because of the looks.
  EXPECT_FALSE(is_narrow_enough({700, 0, 0}, 10000, kHalfWidth));
  EXPECT_TRUE(is_narrow_enough({900, 0, 0}, 10000, kHalfWidth));
  // Every image another answer: only all of them are enough.
  EXPECT_FALSE(is_narrow_enough({400, 200, 200}, 500, kHalfWidth));
  EXPECT_TRUE(is_narrow_enough({500, 250, 250}, 500, kHalfWidth));
}

/// The pixel says which class wins; `shift` says for which pixels another does.
class PixelSimulator final : public AccuracySimulator {
 public:
  explicit PixelSimulator(std::vector<int> wrong) : wrong_(std::move(wrong)) {}
  std::vector<float> logits(const data::ImageBatch& batch) const override {
    std::vector<float> result(static_cast<std::size_t>(batch.count) * 2);
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      const auto value = static_cast<int>(std::lround(batch.pixels[i] * 255));
      const bool wrong = std::find(wrong_.begin(), wrong_.end(), value) != wrong_.end();
      result[i * 2 + static_cast<std::size_t>(wrong ? 1 - batch.labels[i] : batch.labels[i])] = 1;
    }
    images_seen += batch.count;
    return result;
  }
  mutable int images_seen = 0;

 private:
  std::vector<int> wrong_;
};

/// Pixels 0, 1, ..., 99 over and over, sorted by class.
data::ImageSet numbered_images(int count) {
  data::ImageSet images{1, 1, 1, {}, {}};
  for (int i = 0; i < count; ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(i % 100));
    images.labels.push_back(i < count / 2 ? 0 : 1);
  }
  return images;
}

TEST(MeasureUntil, StopsEarlyWhereBothAgree) {
  const data::ImageSet images = numbered_images(10000);
  const PixelSimulator crossbars({3, 50});
  const PixelSimulator ideal({3, 50});
  const SequentialResult result = measure_until(crossbars, ideal, images, {});
  EXPECT_EQ(result.population, 10000);
  EXPECT_FALSE(result.all_images());
  EXPECT_EQ(result.counts.images % kLookImages, 0);
  EXPECT_LE(result.counts.images, 1000);
  EXPECT_EQ(crossbars.images_seen, result.counts.images);
  EXPECT_EQ(ideal.images_seen, result.counts.images);
  EXPECT_EQ(result.counts.gained + result.counts.lost, 0);
  EXPECT_EQ(result.simulated.images, result.counts.images);
  EXPECT_EQ(result.simulated.correct, result.ideal.correct);
  // 2 % of the images are wrong for both.
  EXPECT_NEAR(result.ideal.top1_percent(), 98, 4 * std::sqrt(0.02 * 0.98 / 900) * 100);
  EXPECT_LE(result.interval.half_width(), kHalfWidth);
}

TEST(MeasureUntil, CountsWhatIsLostAndGained) {
  const data::ImageSet images = numbered_images(10000);
  // Pixels 1 and 2 are lost (2 %), 3 is gained (1 %), 4 wrong for both: difference -1 %.
  const PixelSimulator crossbars({1, 2, 4});
  const PixelSimulator ideal({3, 4});
  const SequentialResult result = measure_until(crossbars, ideal, images, {});
  EXPECT_EQ(result.simulated.correct - result.ideal.correct,
            result.counts.gained - result.counts.lost);
  EXPECT_GT(result.counts.lost, result.counts.gained);
  EXPECT_LE(result.interval.half_width(), kHalfWidth);
  EXPECT_LT(result.interval.low, -0.01);
  EXPECT_GT(result.interval.high, -0.01);
  EXPECT_FALSE(result.all_images());
}

TEST(MeasureUntil, AStreamThatNeedsAllImagesEndsWithThem) {
  const data::ImageSet images = numbered_images(500);
  std::vector<int> third;
  for (int i = 0; i < 33; ++i) third.push_back(i);
  const PixelSimulator crossbars(third);
  const PixelSimulator ideal({});
  const SequentialResult result = measure_until(crossbars, ideal, images, {});
  EXPECT_TRUE(result.all_images());
  EXPECT_EQ(result.counts.images, 500);
  EXPECT_EQ(result.counts.lost, 165);
  EXPECT_EQ(result.interval.low, -0.33);
  EXPECT_EQ(result.interval.high, -0.33);
}

TEST(MeasureUntil, TakesAWiderIntervalWithFewerImagesAndTheFirstOfTheSet) {
  const data::ImageSet images = numbered_images(10000);
  const PixelSimulator crossbars({1, 2});
  const PixelSimulator ideal({});
  SequentialOptions options;
  options.half_width_points = 2;
  const SequentialResult wide = measure_until(crossbars, ideal, images, options);
  EXPECT_LT(wide.counts.images, measure_until(crossbars, ideal, images, {}).counts.images);
  options.images = 300;
  options.half_width_points = 0.01;
  const SequentialResult few = measure_until(crossbars, ideal, images, options);
  EXPECT_EQ(few.population, 300);
  EXPECT_EQ(few.counts.images, 300);
  EXPECT_EQ(few.counts.lost, 6);
  options.images = 0;
  EXPECT_EQ(measure_until(crossbars, ideal, images, options).counts.images, 0);
}

TEST(MeasureUntil, TheSeedIsTheOrder) {
  const data::ImageSet images = numbered_images(10000);
  const PixelSimulator crossbars({1, 2, 3});
  const PixelSimulator ideal({9});
  const auto counts = [&](std::uint64_t seed) {
    SequentialOptions options;
    options.seed = seed;
    const SequentialResult result = measure_until(crossbars, ideal, images, options);
    return std::tuple{result.counts.images, result.counts.gained, result.counts.lost};
  };
  EXPECT_EQ(counts(1), counts(1));
  EXPECT_NE(counts(1), counts(2));
}

TEST(MeasureUntil, NeedsAPositiveHalfWidth) {
  const PixelSimulator simulator({});
  for (const double points : {0.0, -1.0}) {
    SequentialOptions options;
    options.half_width_points = points;
    EXPECT_EQ(error_of([&] { measure_until(simulator, simulator, numbered_images(4), options); }),
              "a confidence interval of +-" + std::string(points == 0 ? "0" : "-1") +
                  " points is not possible, it must be positive");
  }
}

}  // namespace
}  // namespace gibbon::sim
