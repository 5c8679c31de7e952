#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// What is predicted for one genome.
struct Prediction {
  double accuracy_offset = 0;  ///< percentage points, beside a share of the one-shot accuracy
  double accuracy_share = 1;   ///< 0: the one-shot accuracy is not asked for
  /// Standard deviation over the members, points, were the one-shot accuracy 100 %; 0 with one.
  double accuracy_spread = 0;
  space::Metrics hardware;  ///< accuracy unset; others in their units, EDP = latency * energy

  /// Predicted accuracy in percent. Not clamped to 0..100, which would make ties.
  double accuracy(double one_shot_accuracy) const {
    return accuracy_offset + accuracy_share * one_shot_accuracy;
  }
  /// All metrics, the accuracy included: what Evaluation::predicted holds.
  space::Metrics metrics(double one_shot_accuracy) const;
};

struct FitReport {
  int epochs = 0;
  int evaluations = 0;       ///< the feasible ones
  double training_loss = 0;  ///< over the last epoch, of standardised targets
};

/// Quality on evaluations that were not yet in the training set when they were predicted. A
/// relative error leaves out evaluations whose simulated value is 0.
struct PredictorQuality {
  int count = 0;
  double accuracy_kendall_tau = 0;     ///< of predicted accuracy (one-shot + difference)
  double accuracy_mean_abs_error = 0;  ///< percentage points
  double latency_relative_error = 0;   ///< mean |predicted - simulated| / simulated
  double energy_relative_error = 0;
  double area_relative_error = 0;
};

/// What is learned of the accuracy.
enum class AccuracyTarget {
  /// asinh of the difference to the one-shot accuracy, in percent of that: most are tenths and a
  /// few are tens, and asinh takes these as logarithms, with their sign, so that they do not drown
  /// those. For the order of designs.
  kAsinhRelative,
  kDifference,  ///< the difference itself in points: nearer to large losses, worse at the order
  kAbsolute,    ///< the accuracy (the paper's vanilla form)
};

struct PredictorOptions {
  std::uint64_t seed = 0;
  int threads = 1;  ///< changes the time only
  int hidden = 64;
  int members = 1;  ///< networks of the ensemble whose mean is the prediction
  int epochs = 60;  ///< per fit
  double learning_rate = 3e-3;
  AccuracyTarget accuracy_target = AccuracyTarget::kAsinhRelative;
  /// Differences are learned beside a curve over the converters' noise (noise_trend.hpp).
  bool noise_trend = true;
};

/// Learns metrics of designs from evaluations. Same seed and data: same predictions, at any number
/// of threads and in whatever company a genome is predicted. const functions are thread-safe.
///
/// Accuracy is learned as AccuracyTarget says, hardware metrics as logarithms (so they must be
/// finite; values below 1e-12 count as 1e-12); all standardised over the evaluations of the latest
/// fit().
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Trains further on all evaluations given (the feasible ones; throws base::Error if there is
  /// none, or if one of their metrics is not finite).
  virtual FitReport fit(std::span<const space::Evaluation> evaluations) = 0;
  /// Needs a fit() or load() before (std::logic_error). Order kept. Throws base::Error on a genome
  /// that does not fit the space.
  virtual std::vector<Prediction> predict(std::span<const space::Genome> genomes) const = 0;
  virtual bool is_ready() const = 0;
  /// The whole state, in one step: a fit() after load() gives what it would have given here.
  virtual void save(const std::filesystem::path& path) const = 0;
  /// Throws base::Error naming the file, and leaves this predictor as it was, if the file is
  /// missing, damaged, of another predictor, size, version or search space.
  virtual void load(const std::filesystem::path& path) = 0;
};

struct PredictorEntry {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Predictor> (*make)(const space::SearchSpace& space,
                                     const PredictorOptions& options);
};
/// Every predictor, the default (lstm) first.
std::span<const PredictorEntry> predictor_registry();
/// Throws base::Error on an unknown name (with the known ones) and on options out of range.
std::unique_ptr<Predictor> make_predictor(std::string_view name, const space::SearchSpace& space,
                                          const PredictorOptions& options);

/// Kendall's tau (equation 2 of the Gibbon paper: ties count 0). 0 for fewer than two values. Both
/// have the same size.
double kendall_tau(std::span<const double> truth, std::span<const double> predicted);

/// Over the feasible evaluations that have a prediction, whose accuracy is in percent (see
/// Prediction::metrics). All 0 if there is none.
PredictorQuality measure_quality(std::span<const space::Evaluation> evaluations);

}  // namespace gibbon::predict
