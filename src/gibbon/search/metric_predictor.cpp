#include "gibbon/search/metric_predictor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbon/base/cholesky.hpp"

namespace gibbon::search {

namespace {

using space::kMetricCount;

constexpr std::size_t kFewest = 6;
constexpr std::size_t kFolds = 3;
constexpr double kPenalties[] = {0.1, 1, 10};
constexpr double kLeastCost = 1e-12;

double to_target(std::size_t metric, double value) {
  if (space::is_maximized(static_cast<space::Metric>(metric))) return value;
  return std::log(std::max(value, kLeastCost));
}
double from_target(std::size_t metric, double target) {
  return space::is_maximized(static_cast<space::Metric>(metric)) ? target : std::exp(target);
}

bool is_known(const space::Evaluation& evaluation) {
  return evaluation.feasible() &&
         std::all_of(evaluation.metrics.values.begin(), evaluation.metrics.values.end(),
                     [](double value) { return std::isfinite(value); });
}

/// Weights of the kernel ridge regression on the rows of `rows`: (K + penalty I) w = targets.
std::vector<double> solve(const std::vector<double>& matrix, const std::vector<double>& targets,
                          std::size_t size, const std::vector<std::size_t>& rows, double penalty) {
  const std::size_t count = rows.size();
  std::vector<double> part(count * count);
  std::vector<double> right(count * kMetricCount);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      part[i * count + j] = matrix[rows[i] * size + rows[j]] + (i == j ? penalty : 0);
    }
    for (std::size_t m = 0; m < kMetricCount; ++m) {
      right[i * kMetricCount + m] = targets[rows[i] * kMetricCount + m];
    }
  }
  base::cholesky_factorize(part, count);
  base::cholesky_solve(part, count, right, kMetricCount);
  return right;
}

/// Squared errors of each metric, of the rows that were left out in turn.
std::array<double, kMetricCount> validation_errors(const std::vector<double>& matrix,
                                                   const std::vector<double>& targets,
                                                   std::size_t size, double penalty) {
  std::array<double, kMetricCount> errors{};
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<std::size_t> kept;
    for (std::size_t row = 0; row < size; ++row) {
      if (row % kFolds != fold) kept.push_back(row);
    }
    const std::vector<double> weights = solve(matrix, targets, size, kept, penalty);
    for (std::size_t row = fold; row < size; row += kFolds) {
      for (std::size_t m = 0; m < kMetricCount; ++m) {
        double off = -targets[row * kMetricCount + m];
        for (std::size_t i = 0; i < kept.size(); ++i) {
          off += weights[i * kMetricCount + m] * matrix[row * size + kept[i]];
        }
        errors[m] += off * off;
      }
    }
  }
  return errors;
}

}  // namespace

bool MetricPredictor::fit(std::span<const space::Evaluation> evaluations) {
  known_.clear();
  std::vector<space::Metrics> metrics;
  for (const space::Evaluation& evaluation : evaluations) {
    if (!is_known(evaluation)) continue;
    known_.push_back(features_of(evaluation.genome));
    metrics.push_back(evaluation.metrics);
  }
  if (known_.size() < kFewest) return false;
  standardize(metrics);
  std::array<double, kMetricCount> least;
  least.fill(std::numeric_limits<double>::infinity());
  for (const Kernel kernel : {Kernel::kLinear, Kernel::kGaussian}) {
    const std::vector<double> matrix = matrix_of(kernel);
    for (const double penalty : kPenalties) try_form(kernel, penalty, matrix, least);
  }
  return true;
}

void MetricPredictor::standardize(const std::vector<space::Metrics>& metrics) {
  const auto count = static_cast<double>(metrics.size());
  targets_.assign(metrics.size() * kMetricCount, 0);
  for (std::size_t m = 0; m < kMetricCount; ++m) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      const double target = to_target(m, metrics[i].values[m]);
      targets_[i * kMetricCount + m] = target;
      sum += target;
      squares += target * target;
    }
    models_[m].mean = sum / count;
    const double variance = squares / count - models_[m].mean * models_[m].mean;
    models_[m].deviation = variance > kLeastCost ? std::sqrt(variance) : 1;
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      double& target = targets_[i * kMetricCount + m];
      target = (target - models_[m].mean) / models_[m].deviation;
    }
  }
}

void MetricPredictor::try_form(Kernel kernel, double penalty, const std::vector<double>& matrix,
                               std::array<double, kMetricCount>& least) {
  const std::size_t size = known_.size();
  const auto errors = validation_errors(matrix, targets_, size, penalty);
  bool better = false;
  for (std::size_t m = 0; m < kMetricCount; ++m) better |= errors[m] < least[m];
  if (!better) return;
  std::vector<std::size_t> all(size);
  for (std::size_t i = 0; i < size; ++i) all[i] = i;
  const std::vector<double> weights = solve(matrix, targets_, size, all, penalty);
  for (std::size_t m = 0; m < kMetricCount; ++m) {
    if (!(errors[m] < least[m])) continue;
    least[m] = errors[m];
    models_[m].kernel = kernel;
    models_[m].penalty = penalty;
    models_[m].weights.resize(size);
    for (std::size_t i = 0; i < size; ++i) models_[m].weights[i] = weights[i * kMetricCount + m];
  }
}

space::Metrics MetricPredictor::predict(const space::Genome& genome) const {
  const Features features = features_of(genome);
  std::array<double, kMetricCount> sums{};
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const double linear = similarity(Kernel::kLinear, known_[i], features);
    const double gaussian = similarity(Kernel::kGaussian, known_[i], features);
    for (std::size_t m = 0; m < kMetricCount; ++m) {
      sums[m] += models_[m].weights[i] * (models_[m].kernel == Kernel::kLinear ? linear : gaussian);
    }
  }
  space::Metrics metrics;
  for (std::size_t m = 0; m < kMetricCount; ++m) {
    metrics.values[m] = from_target(m, models_[m].mean + models_[m].deviation * sums[m]);
  }
  return metrics;
}

MetricPredictor::Features MetricPredictor::features_of(const space::Genome& genome) const {
  Features features;
  const std::vector<space::Gene>& genes = space_.genes();
  for (std::size_t gene = 0; gene < genes.size(); ++gene) {
    if (!space_.is_active(genome, gene)) {
      features.choices.push_back(-1);
      features.values.push_back(0);
      continue;
    }
    const std::vector<double>& choices = genes[gene].choices;
    const auto [least, greatest] = std::minmax_element(choices.begin(), choices.end());
    const double range = *greatest - *least;
    features.choices.push_back(genome[gene]);
    features.values.push_back(range > 0 ? 2 * (choices[genome[gene]] - *least) / range - 1 : 0.0);
  }
  features.squared = product(features, features);
  return features;
}

double MetricPredictor::product(const Features& a, const Features& b) {
  double sum = 0;
  for (std::size_t gene = 0; gene < a.choices.size(); ++gene) {
    if (a.choices[gene] == b.choices[gene] && a.choices[gene] >= 0) sum += 1;
    sum += a.values[gene] * b.values[gene];
  }
  return sum;
}

double MetricPredictor::similarity(Kernel kernel, const Features& a, const Features& b) const {
  const double inner = product(a, b);
  if (kernel == Kernel::kLinear) return inner;
  const double distance = a.squared + b.squared - 2 * inner;
  return std::exp(-distance / static_cast<double>(a.choices.size()));
}

std::vector<double> MetricPredictor::matrix_of(Kernel kernel) const {
  const std::size_t size = known_.size();
  std::vector<double> matrix(size * size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double value = similarity(kernel, known_[i], known_[j]);
      matrix[i * size + j] = value;
      matrix[j * size + i] = value;
    }
  }
  return matrix;
}

}  // namespace gibbon::search
