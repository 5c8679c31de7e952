#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// What is predicted for one genome.
struct Prediction {
  double accuracy_difference = 0;  ///< simulated minus one-shot, percentage points
  space::Metrics hardware;         ///< accuracy unset; others in their units
};

struct FitReport {
  int epochs = 0;
  double training_loss = 0;
};

/// Quality on evaluations that were not yet in the training set when they were predicted.
struct PredictorQuality {
  int count = 0;
  double accuracy_kendall_tau = 0;       ///< of predicted accuracy (one-shot + difference)
  double accuracy_mean_abs_error = 0;    ///< percentage points
  double latency_relative_error = 0;     ///< mean |predicted - simulated| / simulated
  double energy_relative_error = 0;
  double area_relative_error = 0;
};

struct PredictorOptions {
  std::uint64_t seed = 0;
  int threads = 1;
  int hidden = 64;
  int epochs = 60;           ///< per fit
  double learning_rate = 3e-3;
  bool predict_difference = true;  ///< false: the absolute accuracy (the paper's vanilla form)
};

/// Learns metrics of designs from evaluations. Same seed and data: same predictions.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Trains further on all evaluations given (the feasible ones).
  virtual FitReport fit(std::span<const space::Evaluation> evaluations) = 0;
  /// Needs a fit() or load() before. Order kept.
  virtual std::vector<Prediction> predict(std::span<const space::Genome> genomes) const = 0;
  virtual bool is_ready() const = 0;
  virtual void save(const std::filesystem::path& path) const = 0;
  virtual void load(const std::filesystem::path& path) = 0;
};

struct PredictorEntry {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Predictor> (*make)(const space::SearchSpace& space,
                                     const PredictorOptions& options);
};
std::span<const PredictorEntry> predictor_registry();
std::unique_ptr<Predictor> make_predictor(std::string_view name, const space::SearchSpace& space,
                                          const PredictorOptions& options);

/// Kendall's tau (equation 2 of the Gibbon paper: ties count 0). 0 for fewer than two values.
double kendall_tau(std::span<const double> truth, std::span<const double> predicted);

PredictorQuality measure_quality(std::span<const space::Evaluation> evaluations);

}  // namespace gibbon::predict
