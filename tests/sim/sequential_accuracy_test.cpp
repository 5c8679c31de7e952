#include "gibbon/sim/sequential_accuracy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::sim {
namespace {

constexpr double kHalfWidth = 0.005;
constexpr int kClasses = 3;

using test::error_of;

/// Logits of the image whose number its two pixels are.
class StoredSimulator final : public AccuracySimulator {
 public:
  explicit StoredSimulator(std::vector<float> logits) : logits_(std::move(logits)) {}
  std::vector<float> logits(const data::ImageBatch& batch) const override {
    std::vector<float> result;
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      const long high = std::lround(batch.pixels[2 * i] * 255);
      const long low = std::lround(batch.pixels[2 * i + 1] * 255);
      const auto first = logits_.begin() + (high * 256 + low) * kClasses;
      result.insert(result.end(), first, first + kClasses);
    }
    images_seen += batch.count;
    return result;
  }
  mutable int images_seen = 0;

 private:
  std::vector<float> logits_;
};

/// Images whose pixels are their number, sorted by class.
data::ImageSet numbered_images(int count) {
  data::ImageSet images{1, 1, 2, {}, {}};
  for (int i = 0; i < count; ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(i / 256));
    images.pixels.push_back(static_cast<std::uint8_t>(i % 256));
    images.labels.push_back(i * kClasses / count);
  }
  return images;
}

/// Ideal logits: the label's is above the others by a normal margin of mean 1 and deviation 1 (84 %
/// right). The crossbars' are `scale` times these, with an `offset` for class 0 and normal `noise`.
struct Crossbars {
  float scale = 1;
  float offset = 0;
  double noise = 0;
};

class Study {
 public:
  Study(int count, const Crossbars& crossbars, std::uint64_t seed = 11)
      : images(numbered_images(count)),
        ideal(ideal_logits(images, seed)),
        simulated(crossbar_logits(ideal_logits(images, seed), crossbars, seed)) {
    const AccuracyResult with = measure_accuracy(simulated, images, count);
    const AccuracyResult without = measure_accuracy(ideal, images, count);
    difference = static_cast<double>(with.correct - without.correct) / count;
    simulated.images_seen = ideal.images_seen = 0;
  }
  SequentialResult run(const SequentialOptions& options = {}) const {
    return measure_until(simulated, ideal, images, options);
  }

  struct Outcome {
    double coverage = 0;
    int median_images = 0;
  };
  Outcome repeat(int runs) const {
    std::vector<int> used;
    int covered = 0;
    for (int seed = 0; seed < runs; ++seed) {
      SequentialOptions options;
      options.seed = static_cast<std::uint64_t>(seed);
      const SequentialResult result = run(options);
      covered += std::abs(result.difference - difference) <= result.half_width + 1e-12;
      used.push_back(result.images);
    }
    std::sort(used.begin(), used.end());
    return {static_cast<double>(covered) / runs, used[used.size() / 2]};
  }

  data::ImageSet images;
  StoredSimulator ideal;
  StoredSimulator simulated;
  double difference = 0;

 private:
  static std::vector<float> ideal_logits(const data::ImageSet& images, std::uint64_t seed) {
    base::Rng rng = base::Rng::forked(seed, "ideal");
    std::vector<float> logits;
    for (const int label : images.labels) {
      for (int c = 0; c < kClasses; ++c) {
        logits.push_back(c == label ? static_cast<float>(1 + rng.normal()) : 0.0F);
      }
    }
    return logits;
  }
  static std::vector<float> crossbar_logits(std::vector<float> logits, const Crossbars& crossbars,
                                            std::uint64_t seed) {
    base::Rng rng = base::Rng::forked(seed, "crossbars");
    for (std::size_t i = 0; i < logits.size(); ++i) {
      logits[i] = crossbars.scale * logits[i] + (i % kClasses == 0 ? crossbars.offset : 0) +
                  static_cast<float>(crossbars.noise * rng.normal());
    }
    return logits;
  }
};

TEST(MeasureUntil, StopsEarlyWhereBothAgree) {
  const Study study(10000, {});
  const SequentialResult result = study.run();
  EXPECT_EQ(result.population(), 10000);
  EXPECT_FALSE(result.all_images());
  EXPECT_EQ((result.images - kPilotImages) % kLookImages, 0);
  EXPECT_LE(result.images, 1500);
  EXPECT_EQ(study.simulated.images_seen, result.images);
  EXPECT_EQ(study.ideal.images_seen, 10000);
  EXPECT_EQ(result.gained + result.lost, 0);
  // P(normal > -1) = 84.13 % are right.
  EXPECT_NEAR(result.ideal.top1_percent(), 84.13, 4 * std::sqrt(0.84 * 0.16 / 10000) * 100);
  EXPECT_LE(result.half_width, kHalfWidth);
  EXPECT_LE(std::abs(result.difference), result.half_width);
}

TEST(MeasureUntil, NoDiscordanceDoesNotStopAtOnce) {
  EXPECT_GT(Study(10000, {}).run().images, 500);
}

TEST(MeasureUntil, FindsTheDifference) {
  const Study study(10000, {0.8F, 0.3F, 0.3});
  const SequentialResult result = study.run();
  EXPECT_LE(result.half_width, kHalfWidth);
  EXPECT_LT(study.difference, -0.02);
  EXPECT_NEAR(result.difference, study.difference, 1.5 * kHalfWidth);
  EXPECT_NEAR(result.simulated_percent(),
              measure_accuracy(study.simulated, study.images, 10000).top1_percent(), 0.75);
  EXPECT_GT(result.gained, 0);
  EXPECT_GT(result.lost, 0);
  EXPECT_FALSE(result.all_images());
}

/// Logits that crossbars shift in a regular way are foreseen: no more images than for none.
TEST(MeasureUntil, AWholeShiftOfTheLogitsCostsNoImages) {
  const Study study(10000, {0.5F, 0.7F, 0});
  EXPECT_LT(study.difference, -0.1);
  EXPECT_LE(study.run().images, 1600);
}

TEST(MeasureUntil, AnswersThatNothingForeseesNeedManyImages) {
  const Study study(2000, {0, 0, 1});
  SequentialOptions options;
  options.half_width_points = 0.01;
  const SequentialResult all = study.run(options);
  EXPECT_TRUE(all.all_images());
  EXPECT_EQ(all.images, 2000);
  EXPECT_EQ(all.half_width, 0);
  EXPECT_NEAR(all.difference, study.difference, 1e-12);
  EXPECT_NEAR(all.gained - all.lost, 2000 * study.difference, 1e-6);
  EXPECT_EQ(study.simulated.images_seen, 2000);
}

TEST(MeasureUntil, TakesAWiderIntervalWithFewerImagesAndTheFirstOfTheSet) {
  const Study study(10000, {1, 0.2F, 0.4});
  SequentialOptions options;
  options.half_width_points = 2;
  EXPECT_LT(study.run(options).images, study.run().images);
  for (const int images : {1, 200, kPilotImages, kPilotImages + 1, 300}) {
    options.images = images;
    options.half_width_points = 0.01;
    const SequentialResult few = study.run(options);
    EXPECT_EQ(few.population(), images);
    EXPECT_TRUE(few.all_images());
    const int correct = measure_accuracy(study.simulated, study.images, images).correct;
    EXPECT_NEAR(few.difference * images, correct - few.ideal.correct, 1e-9);
    EXPECT_EQ(few.half_width, 0);
  }
  options.images = 0;
  EXPECT_EQ(study.run(options).images, 0);
}

TEST(MeasureUntil, TheSeedIsTheOrder) {
  const Study study(5000, {1, 0.2F, 0.4});
  const auto outcome = [&](std::uint64_t seed) {
    SequentialOptions options;
    options.seed = seed;
    const SequentialResult result = study.run(options);
    return std::tuple{result.images, result.gained, result.lost, result.difference};
  };
  EXPECT_EQ(outcome(1), outcome(1));
  EXPECT_NE(outcome(1), outcome(2));
}

/// 100 orders for each kind of crossbars, from hardly a changed answer to four of ten. The medians
/// allowed are those of these seeds and a little more; without strata p (2 / 0.005)^2 / (1 + p (2 /
/// 0.005)^2 / 10,000) images are needed where a share p of the answers changes.
TEST(SequentialTest, CoversAndIsTight) {
  struct Case {
    Crossbars crossbars;
    int most_images;  ///< median allowed
  };
  double covered = 0;
  const std::vector<Case> cases = {{{1, 0, 0.02}, 1500},
                                   {{1, 0, 0.1}, 2000},
                                   {{0.9F, 0.2F, 0.2}, 3000},
                                   {{1, 0.5F, 0.5}, 5500},
                                   {{0.3F, 0, 0.5}, 8500}};
  for (const Case& c : cases) {
    const Study study(10000, c.crossbars);
    const Study::Outcome outcome = study.repeat(100);
    const std::string name = std::to_string(c.crossbars.noise);
    // Three standard errors of 100 runs below 95 %.
    EXPECT_GE(outcome.coverage, 0.95 - 3 * std::sqrt(0.95 * 0.05 / 100)) << name;
    EXPECT_LE(outcome.median_images, c.most_images) << name;
    RecordProperty("images_" + name, outcome.median_images);
    covered += outcome.coverage / static_cast<double>(cases.size());
  }
  EXPECT_GE(covered, 0.94);
}

TEST(MeasureUntil, NeedsAPositiveHalfWidth) {
  const Study study(4, {});
  for (const double points : {0.0, -1.0}) {
    SequentialOptions options;
    options.half_width_points = points;
    EXPECT_EQ(error_of([&] { study.run(options); }),
              "a confidence interval of +-" + std::string(points == 0 ? "0" : "-1") +
                  " points is not possible, it must be positive");
  }
}

}  // namespace
}  // namespace gibbon::sim
