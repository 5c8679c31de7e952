#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::search {

/// Cheap predictors of every metric from the genes, as LINAS fits them anew in each round: ridge
/// regression, linear in the genes' choices or with a Gaussian kernel over them. For each metric
/// the form and the penalty (0.1, 1, 10) are those of least squared error in a three-fold
/// cross-validation. A gene is seen as its choice (one-hot) and its value, scaled to -1..1. Costs
/// are predicted as logarithms (below 1e-12: as 1e-12). Time cubic in the number of evaluations.
/// Keeps a reference to the space. const functions are thread-safe.
class MetricPredictor {
 public:
  explicit MetricPredictor(const space::SearchSpace& space) : space_(space) {}

  /// Learns from the feasible evaluations without NaN; says whether there are enough, six.
  bool fit(std::span<const space::Evaluation> evaluations);
  /// Needs a fit() that said yes. The genome must be canonical.
  space::Metrics predict(const space::Genome& genome) const;

 private:
  enum class Kernel { kLinear, kGaussian };
  /// How one metric is predicted.
  struct Model {
    Kernel kernel = Kernel::kLinear;
    double penalty = 1;
    double mean = 0;       ///< of the targets
    double deviation = 1;  ///< likewise
    std::vector<double> weights;
  };
  /// A genome's active genes: choice and scaled value, or absent (choice -1).
  struct Features {
    std::vector<int> choices;
    std::vector<double> values;
    double squared = 0;  ///< of the whole vector
  };

  Features features_of(const space::Genome& genome) const;
  static double product(const Features& a, const Features& b);
  double similarity(Kernel kernel, const Features& a, const Features& b) const;
  std::vector<double> matrix_of(Kernel kernel) const;
  void standardize(const std::vector<space::Metrics>& metrics);
  void try_form(Kernel kernel, double penalty, const std::vector<double>& matrix,
                std::array<double, space::kMetricCount>& least);

  const space::SearchSpace& space_;
  std::vector<Features> known_;
  std::vector<double> targets_;  ///< standardised, a row an evaluation
  std::array<Model, space::kMetricCount> models_;
};

}  // namespace gibbon::search
