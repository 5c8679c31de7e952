#include "gibbon/sim/sequential_accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/sim/logit_map.hpp"
#include "gibbon/sim/stratified_sample.hpp"

namespace gibbon::sim {

namespace {

/// Normal quantile of a single look. Looking often until the interval is narrow costs coverage; the
/// distance to 1.96 gives it back (docs/models/accuracy.md).
constexpr double kQuantile = 2.0;
constexpr int kStrataOfSide = 6;
/// Images whose answer seems certain still get a part of the strata.
constexpr double kLeastDeviation = 0.05;
constexpr int kIdealBatch = 512;

/// How far the label's logit is above the largest other one.
double margin_of(std::span<const float> logits, int label) {
  float own = std::numeric_limits<float>::lowest();
  float other = std::numeric_limits<float>::lowest();
  for (std::size_t c = 0; c < logits.size(); ++c) {
    float& side = static_cast<int>(c) == label ? own : other;
    side = std::max(side, logits[c]);
  }
  return static_cast<double>(own) - other;
}

/// sqrt(p (1 - p)) of an image with the margin `expected`, give or take a normal `error`.
double expected_deviation(double expected, double error) {
  if (error == 0) return kLeastDeviation;
  const double share = std::erfc(-expected / error / std::sqrt(2.0)) / 2;
  return std::max(std::sqrt(share * (1 - share)), kLeastDeviation);
}

/// An image that the crossbars have not seen.
struct Expected {
  double margin = 0;
  std::size_t position = 0;  ///< in the shuffled order
};

/// One run of the test. The first stratum is the pilot.
class SequentialTest {
 public:
  SequentialTest(const AccuracySimulator& simulated, const AccuracySimulator& ideal,
                 const data::ImageSet& images, const SequentialOptions& options)
      : simulated_(simulated), images_(images) {
    run_ideal(ideal, std::clamp(options.images, 0, images.count()));
    order_.resize(static_cast<std::size_t>(result_.population()));
    std::iota(order_.begin(), order_.end(), 0);
    base::Rng::forked(options.seed, "sequential/order").shuffle(order_);
  }

  SequentialResult run(double half_width) {
    if (result_.population() == 0) return result_;
    run_pilot();
    do {
      look();
    } while (!result_.all_images() && result_.half_width > half_width);
    return result_;
  }

 private:
  void run_ideal(const AccuracySimulator& ideal, int population) {
    result_.ideal.images = population;
    for (int first = 0; first < population; first += kIdealBatch) {
      const int count = std::min(kIdealBatch, population - first);
      const std::vector<float> logits = ideal.logits(data::make_batch(images_, first, count));
      classes_ = logits.size() / static_cast<std::size_t>(count);
      ideal_logits_.insert(ideal_logits_.end(), logits.begin(), logits.end());
    }
    for (int i = 0; i < population; ++i) result_.ideal.correct += is_right(ideal_of(i), label(i));
  }

  /// Runs the images [0, kPilotImages) of the order and cuts the others into strata.
  void run_pilot() {
    const std::size_t pilot = std::min<std::size_t>(kPilotImages, order_.size());
    const std::span<const int> chosen = std::span(order_).first(pilot);
    add_stratum({chosen.begin(), chosen.end()});
    const std::vector<float> logits = draw({static_cast<int>(pilot)});

    std::vector<float> ideal;
    for (const int image : chosen) {
      ideal.insert(ideal.end(), ideal_of(image).begin(), ideal_of(image).end());
    }
    const LogitMap map(ideal, logits, static_cast<int>(classes_));
    double squares = 0;
    for (std::size_t i = 0; i < pilot; ++i) {
      const double margin =
          margin_of(std::span(logits).subspan(i * classes_, classes_), label(chosen[i]));
      squares += std::pow(margin - expected_margin(map, chosen[i]), 2);
    }
    cut_remaining(map, std::sqrt(squares / static_cast<double>(pilot)));
  }

  /// Images expected to be wrong and to be right never share a stratum: where crossbars change
  /// little, all are alike on either side.
  void cut_remaining(const LogitMap& map, double error) {
    std::vector<Expected> wrong;
    std::vector<Expected> right;
    for (std::size_t i = members_[0].size(); i < order_.size(); ++i) {
      const double margin = expected_margin(map, order_[i]);
      (margin < 0 ? wrong : right).push_back({margin, i});
    }
    cut_side(std::move(wrong), error);
    cut_side(std::move(right), error);
  }

  void cut_side(std::vector<Expected> side, double error) {
    std::stable_sort(side.begin(), side.end(),
                     [](const Expected& a, const Expected& b) { return a.margin < b.margin; });
    std::vector<double> deviations;
    for (const Expected& image : side) {
      deviations.push_back(expected_deviation(image.margin, error));
    }
    std::size_t first = 0;
    for (const std::size_t end : cut_strata(deviations, kStrataOfSide)) {
      // Back in the shuffled order, of which every prefix is a random sample of the stratum.
      std::vector<std::size_t> positions;
      for (; first < end; ++first) positions.push_back(side[first].position);
      std::sort(positions.begin(), positions.end());
      std::vector<int> images;
      for (const std::size_t position : positions) images.push_back(order_[position]);
      add_stratum(std::move(images));
    }
  }

  void add_stratum(std::vector<int> images) {
    strata_.push_back({static_cast<int>(images.size()), 0, 0});
    members_.push_back(std::move(images));
  }

  void look() {
    draw(allocate_images(strata_, kLookImages));
    const ShareEstimate estimate = estimate_share(strata_);
    const double ideal = static_cast<double>(result_.ideal.correct) / result_.population();
    result_.difference = estimate.share - ideal;
    result_.half_width = kQuantile * estimate.deviation;
  }

  /// Runs the next `counts` images of the strata on the crossbars. Returns their logits.
  std::vector<float> draw(const std::vector<int>& counts) {
    std::vector<int> drawn;
    std::vector<std::size_t> strata;
    for (std::size_t h = 0; h < counts.size(); ++h) {
      for (int i = 0; i < counts[h]; ++i) {
        drawn.push_back(members_[h][static_cast<std::size_t>(strata_[h].seen++)]);
        strata.push_back(h);
      }
    }
    const auto count = static_cast<int>(drawn.size());
    std::vector<float> logits =
        simulated_.logits(data::make_batch(images_.select(drawn), 0, count));
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const bool here =
          is_right(std::span(logits).subspan(i * classes_, classes_), label(drawn[i]));
      const bool there = is_right(ideal_of(drawn[i]), label(drawn[i]));
      strata_[strata[i]].right += here;
      result_.gained += here && !there;
      result_.lost += there && !here;
    }
    result_.images += count;
    return logits;
  }

  std::span<const float> ideal_of(int image) const {
    return std::span(ideal_logits_).subspan(static_cast<std::size_t>(image) * classes_, classes_);
  }
  int label(int image) const { return images_.labels[static_cast<std::size_t>(image)]; }
  double expected_margin(const LogitMap& map, int image) const {
    return margin_of(map(ideal_of(image)), label(image));
  }

  const AccuracySimulator& simulated_;
  const data::ImageSet& images_;
  std::size_t classes_ = 0;
  std::vector<float> ideal_logits_;  // [population, classes]
  std::vector<int> order_;
  std::vector<Stratum> strata_;
  std::vector<std::vector<int>> members_;  // of each stratum, in the order in which they are drawn
  SequentialResult result_;
};

}  // namespace

SequentialResult measure_until(const AccuracySimulator& simulated, const AccuracySimulator& ideal,
                               const data::ImageSet& images, const SequentialOptions& options) {
  if (!(options.half_width_points > 0)) {
    throw base::Error(
        fmt::format("a confidence interval of +-{} points is not possible, it must "
                    "be positive",
                    options.half_width_points));
  }
  SequentialTest test(simulated, ideal, images, options);
  return test.run(options.half_width_points / 100);
}

}  // namespace gibbon::sim
