#include "gibbon/predict/predictor.hpp"

#include <fmt/core.h>

#include <array>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/base/registry.hpp"
#include "gibbon/predict/predictors/lstm.hpp"
#include "gibbon/predict/predictors/ridge.hpp"

namespace gibbon::predict {
namespace {

constexpr std::array<PredictorEntry, 2> kPredictors = {{
    {"lstm", "LSTM over the network's blocks and a three-layer regressor (the Gibbon paper's)",
     make_lstm_predictor},
    {"ridge", "ridge regression on one-hot genes: a baseline without epochs", make_ridge_predictor},
}};

void check(const PredictorOptions& options) {
  const auto at_least_one = [](const char* name, int value) {
    if (value < 1) throw base::Error(fmt::format("predictor: {} is {}, not >= 1", name, value));
  };
  at_least_one("threads", options.threads);
  at_least_one("hidden", options.hidden);
  at_least_one("members", options.members);
  at_least_one("epochs", options.epochs);
  if (!(options.learning_rate > 0 && std::isfinite(options.learning_rate))) {
    throw base::Error(
        fmt::format("predictor: learning_rate is {}, not > 0", options.learning_rate));
  }
}

/// Mean of |predicted - simulated| / simulated, of one metric.
class RelativeError {
 public:
  explicit RelativeError(space::Metric metric) : metric_(metric) {}
  void add(const space::Evaluation& evaluation) {
    const double simulated = evaluation.metrics[metric_];
    if (simulated == 0) return;
    sum_ += std::abs(((*evaluation.predicted)[metric_] - simulated) / simulated);
    ++count_;
  }
  double mean() const { return count_ == 0 ? 0 : sum_ / count_; }

 private:
  space::Metric metric_;
  double sum_ = 0;
  int count_ = 0;
};

int sign(double value) {
  return (value > 0) - (value < 0);
}

}  // namespace

space::Metrics Prediction::metrics(double one_shot_accuracy) const {
  space::Metrics all = hardware;
  all[space::Metric::kAccuracy] = accuracy(one_shot_accuracy);
  return all;
}

std::span<const PredictorEntry> predictor_registry() {
  return kPredictors;
}

std::unique_ptr<Predictor> make_predictor(std::string_view name, const space::SearchSpace& space,
                                          const PredictorOptions& options) {
  check(options);
  return base::entry_in(kPredictors, "predictor", name).make(space, options);
}

double kendall_tau(std::span<const double> truth, std::span<const double> predicted) {
  if (truth.size() < 2) return 0;
  std::int64_t agreement = 0;
  for (std::size_t j = 1; j < truth.size(); ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      agreement += sign(truth[i] - truth[j]) * sign(predicted[i] - predicted[j]);
    }
  }
  const double count = static_cast<double>(truth.size());
  return static_cast<double>(agreement) / (count * (count - 1) / 2);
}

PredictorQuality measure_quality(std::span<const space::Evaluation> evaluations) {
  std::vector<double> truth;
  std::vector<double> predicted;
  RelativeError latency(space::Metric::kLatency);
  RelativeError energy(space::Metric::kEnergy);
  RelativeError area(space::Metric::kArea);
  double accuracy_error = 0;
  for (const space::Evaluation& evaluation : evaluations) {
    if (!evaluation.feasible() || !evaluation.predicted) continue;
    truth.push_back(evaluation.metrics[space::Metric::kAccuracy]);
    predicted.push_back((*evaluation.predicted)[space::Metric::kAccuracy]);
    accuracy_error += std::abs(predicted.back() - truth.back());
    latency.add(evaluation);
    energy.add(evaluation);
    area.add(evaluation);
  }
  if (truth.empty()) return {};
  return {.count = static_cast<int>(truth.size()),
          .accuracy_kendall_tau = kendall_tau(truth, predicted),
          .accuracy_mean_abs_error = accuracy_error / static_cast<double>(truth.size()),
          .latency_relative_error = latency.mean(),
          .energy_relative_error = energy.mean(),
          .area_relative_error = area.mean()};
}

}  // namespace gibbon::predict
