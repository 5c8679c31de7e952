#pragma once

#include <span>
#include <string>
#include <vector>

#include "gibbon/predict/predictor.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/design_table.hpp"

namespace gibbon::study {

/// One way to predict: a predictor of the registry, told to learn the difference or the accuracy.
struct PredictorForm {
  std::string name;
  std::string predictor;
  predict::AccuracyTarget target = predict::AccuracyTarget::kAsinhRelative;
  int members = 1;
};
/// The paper's two forms, an ensemble of the first, and linear regression as the plain baseline.
std::vector<PredictorForm> predictor_forms();

/// Quality on designs that were not trained on, after one fit.
struct PredictorScore {
  double kendall_tau = 0;              ///< of the accuracy
  double accuracy_relative_error = 0;  ///< mean |predicted - simulated| / simulated
  double accuracy_error_points = 0;    ///< mean |predicted - simulated|, percent of the images
  double latency_relative_error = 0;
  double fit_seconds = 0;
  double predict_milliseconds = 0;  ///< for 1,000 designs, with all threads given
};

struct PredictorStudyOptions {
  int training_designs = 200;
  int seeds = 5;  ///< of the draw of the training designs and of the first weights
  int threads = 1;
};

struct PredictorResult {
  PredictorForm form;
  std::vector<PredictorScore> scores;  ///< by seed
};

/// Every form learns from the same designs of the table, drawn anew for each seed, and is tested on
/// all others. A difference is added to the design's one-shot accuracy, which the table has.
/// Throws base::Error where the table has no designs left to test on.
std::vector<PredictorResult> run_predictor_study(const space::SearchSpace& space,
                                                 std::span<const store::TabulatedDesign> table,
                                                 const PredictorStudyOptions& options);

/// Share of pairs that one-shot accuracy alone puts in the simulated order, as Kendall's tau: what
/// a difference predictor starts from.
double one_shot_tau(std::span<const store::TabulatedDesign> table);

}  // namespace gibbon::study
