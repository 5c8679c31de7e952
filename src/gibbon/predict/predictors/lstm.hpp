#pragma once

#include <memory>

#include "gibbon/predict/predictor.hpp"

namespace gibbon::predict {

/// "lstm": the Gibbon paper's predictor (section IV-C: embedder, RNN over the blocks, mean over the
/// steps, three-layer perceptron), see LstmNetwork, as an ensemble of options.members networks that
/// differ in their first weights and in the order of the data. Its mean is the prediction.
///
/// fit() goes on from the current weights: Adam in small batches, the rate falling along a cosine
/// over the fit, on the Huber loss of the standardised targets. There is no ranking loss: with
/// a difference the order of differences is not the order of accuracies. Standardisation is
/// renewed at each fit, and the last layer changed with it so that predictions stay as they were.
/// Keeps a reference to the space.
std::unique_ptr<Predictor> make_lstm_predictor(const space::SearchSpace& space,
                                               const PredictorOptions& options);

}  // namespace gibbon::predict
