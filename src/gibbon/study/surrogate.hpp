#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gibbon/predict/predictor.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/design_table.hpp"

namespace gibbon::study {

struct SurrogateOptions {
  std::uint64_t seed = 1;
  int threads = 1;  ///< changes the time only
  int members = 2;  ///< of the ensemble; with epochs and hidden: predict::PredictorOptions
  int epochs = 30;
  int hidden = 32;
};

/// Answers in microseconds what a search would have to simulate: accuracy from models fitted to a
/// table of designs, hardware figures from the cost model, which is exact. The one-shot accuracy is
/// a ridge regression's, what the crossbars take off it an ensemble's of the "lstm" predictor. The
/// same table and seed give the same answers. const and thread-safe.
class Surrogate {
 public:
  /// Keeps references to space and simulator. Throws base::Error for an empty table or one of
  /// another space.
  Surrogate(const space::SearchSpace& space, const sim::Simulator& simulator,
            std::span<const store::TabulatedDesign> table, const SurrogateOptions& options);

  /// In order. A design that cannot be built is infeasible, with the reason and without figures.
  std::vector<space::Evaluation> evaluate(std::span<const space::Genome> genomes) const;
  /// The same without crossbars: the accuracy is the one-shot accuracy. Several times as fast.
  std::vector<space::Evaluation> without_crossbars(std::span<const space::Genome> genomes) const;
  const space::SearchSpace& space() const { return space_; }

 private:
  const space::SearchSpace& space_;
  const sim::Simulator& simulator_;
  std::unique_ptr<predict::Predictor> one_shot_;
  std::unique_ptr<predict::Predictor> difference_;
};

/// How far a surrogate is off designs that it was not fitted to.
struct SurrogateError {
  int designs = 0;
  double accuracy_mean_abs_error = 0;  ///< percentage points
  double accuracy_deviation = 0;       ///< of the table's accuracies: the error of their mean
  double accuracy_kendall_tau = 0;
  double one_shot_mean_abs_error = 0;
  double one_shot_kendall_tau = 0;
};
/// Cross-validation: every design is predicted once, by a surrogate of the other folds.
SurrogateError cross_validate(const space::SearchSpace& space, const sim::Simulator& simulator,
                              std::span<const store::TabulatedDesign> table,
                              const SurrogateOptions& options, int folds);

/// The table's designs as evaluations, in order.
std::vector<space::Evaluation> evaluations_of(std::span<const store::TabulatedDesign> table);

/// The exact hardware figures of a genome, or why it cannot be built; accuracy stays 0.
base::Result<space::Metrics> hardware_of(const space::SearchSpace& space,
                                         const sim::Simulator& simulator,
                                         const space::Genome& genome);

}  // namespace gibbon::study
