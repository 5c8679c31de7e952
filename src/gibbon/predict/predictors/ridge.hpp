#pragma once

#include <memory>

#include "gibbon/predict/predictor.hpp"

namespace gibbon::predict {

/// "ridge": linear regression with squared penalty on the active genes' one-hot choices and
/// normalised values (Hoerl, Kennard 1970), solved exactly. A baseline, and the plain twin of
/// "lstm". fit() solves anew from all evaluations given; seed, epochs, hidden, members and
/// learning_rate mean nothing here; the spread is 0. Keeps a reference to the space.
std::unique_ptr<Predictor> make_ridge_predictor(const space::SearchSpace& space,
                                                const PredictorOptions& options);

/// Solves (X'X + penalty I) W = X'Y by Cholesky; rows of X are sparse. Any penalty > 0.
struct SparseRow {
  std::vector<std::pair<std::size_t, double>> entries;  ///< distinct columns
};
/// columns x targets, row by row; `targets` holds one row a row of X.
std::vector<double> solve_ridge(std::span<const SparseRow> rows, std::size_t columns,
                                std::span<const double> targets, std::size_t target_count,
                                double penalty);

}  // namespace gibbon::predict
