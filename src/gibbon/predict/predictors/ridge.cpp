#include "gibbon/predict/predictors/ridge.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "gibbon/base/cholesky.hpp"
#include "gibbon/predict/encoding.hpp"
#include "gibbon/predict/noise_trend.hpp"
#include "gibbon/predict/state_file.hpp"
#include "gibbon/predict/targets.hpp"

namespace gibbon::predict {
namespace {

/// Targets and one-hot features are about 1 wide, so that 1 weighs like one more sample.
constexpr double kPenalty = 1;

class RidgePredictor final : public Predictor {
 public:
  RidgePredictor(const space::SearchSpace& space, const PredictorOptions& options)
      : space_(space), options_(options), trend_(space, options) {
    for (const space::Gene& gene : space.genes()) {
      gene_start_.push_back(features_);
      features_ += gene.choices.size() + 1;
    }
  }

  FitReport fit(std::span<const space::Evaluation> evaluations) override {
    TrainingSet set = training_set(evaluations, options_.accuracy_target);
    standardisation_ = Standardisation::beside_trend(set.targets);
    trend_.take_off(set);
    std::vector<SparseRow> rows;
    std::vector<double> targets;
    for (std::size_t i = 0; i < set.genomes.size(); ++i) {
      rows.push_back(row_of(set.genomes[i]));
      const Targets standardised = standardisation_.standardised(set.targets[i]);
      targets.insert(targets.end(), standardised.begin(), standardised.end());
    }
    weights_ = solve_ridge(rows, features_, targets, kTargetCount, kPenalty);
    return {.epochs = 1,
            .evaluations = static_cast<int>(rows.size()),
            .training_loss = squared_error(rows, targets)};
  }

  std::vector<Prediction> predict(std::span<const space::Genome> genomes) const override {
    if (!is_ready()) throw std::logic_error("RidgePredictor: predict() before fit() or load()");
    std::vector<Prediction> predictions(genomes.size());
    for (std::size_t i = 0; i < genomes.size(); ++i) {
      Targets targets = standardisation_.restored(apply(row_of(genomes[i])));
      targets[0] += trend_.of(genomes[i]);
      predictions[i] = prediction_of(targets, options_.accuracy_target);
    }
    return predictions;
  }

  bool is_ready() const override { return !weights_.empty(); }

  void save(const std::filesystem::path& path) const override {
    write_state(path, {kName, space_},
                {{"accuracy_target", options_.accuracy_target},
                 {"standardisation", to_json(standardisation_)},
                 {"noise_trend", trend_.to_json()},
                 {"weights", weights_}});
  }

  void load(const std::filesystem::path& path) override {
    const base::Json state = read_state(path, {kName, space_});
    with_json_errors_named(path, [&] {
      check_same(path, state, "accuracy_target", options_.accuracy_target);
      std::vector<double> weights = state.at("weights").get<std::vector<double>>();
      if (!weights.empty() && weights.size() != features_ * kTargetCount) {
        throw_damaged(path, "it has another number of weights");
      }
      const Standardisation standardisation = standardisation_from(state.at("standardisation"));
      trend_.restore(state.at("noise_trend"));
      standardisation_ = standardisation;
      weights_ = std::move(weights);
    });
  }

 private:
  static constexpr std::string_view kName = "ridge";

  /// Of each active gene: 1 at its choice, and its value. The constant is in the standardisation.
  SparseRow row_of(const space::Genome& genome) const {
    space_.check(genome);
    SparseRow row;
    const std::vector<space::Gene>& genes = space_.genes();
    for (std::size_t g = 0; g < genes.size(); ++g) {
      if (!space_.is_active(genome, g)) continue;
      const std::vector<double>& choices = genes[g].choices;
      const auto [least, greatest] = std::minmax_element(choices.begin(), choices.end());
      row.entries.emplace_back(gene_start_[g] + genome[g], 1.0);
      row.entries.emplace_back(gene_start_[g] + choices.size(),
                               normalised(choices[genome[g]], *least, *greatest));
    }
    return row;
  }

  Targets apply(const SparseRow& row) const {
    Targets sums{};
    for (const auto& [column, value] : row.entries) {
      for (std::size_t t = 0; t < kTargetCount; ++t) {
        sums[t] += value * weights_[column * kTargetCount + t];
      }
    }
    return sums;
  }

  double squared_error(std::span<const SparseRow> rows, std::span<const double> targets) const {
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Targets predicted = apply(rows[i]);
      for (std::size_t t = 0; t < kTargetCount; ++t) {
        const double off = predicted[t] - targets[i * kTargetCount + t];
        sum += off * off;
      }
    }
    return sum / static_cast<double>(targets.size());
  }

  const space::SearchSpace& space_;
  PredictorOptions options_;
  NoiseTrend trend_;
  std::vector<std::size_t> gene_start_;
  std::size_t features_ = 0;
  Standardisation standardisation_;
  std::vector<double> weights_;  ///< features x targets
};

}  // namespace

std::vector<double> solve_ridge(std::span<const SparseRow> rows, std::size_t columns,
                                std::span<const double> targets, std::size_t target_count,
                                double penalty) {
  std::vector<double> matrix(columns * columns, 0.0);
  std::vector<double> right(columns * target_count, 0.0);
  for (std::size_t i = 0; i < columns; ++i) matrix[i * columns + i] = penalty;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& [i, value] : rows[r].entries) {
      for (const auto& [j, other] : rows[r].entries) matrix[i * columns + j] += value * other;
      for (std::size_t t = 0; t < target_count; ++t) {
        right[i * target_count + t] += value * targets[r * target_count + t];
      }
    }
  }
  base::cholesky_factorize(matrix, columns);
  base::cholesky_solve(matrix, columns, right, target_count);
  return right;
}

std::unique_ptr<Predictor> make_ridge_predictor(const space::SearchSpace& space,
                                                const PredictorOptions& options) {
  return std::make_unique<RidgePredictor>(space, options);
}

}  // namespace gibbon::predict
