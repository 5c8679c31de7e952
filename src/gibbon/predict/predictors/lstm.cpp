#include "gibbon/predict/predictors/lstm.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

#include "gibbon/base/error.hpp"
#include "gibbon/base/parallel.hpp"
#include "gibbon/predict/encoding.hpp"
#include "gibbon/predict/kernels.hpp"
#include "gibbon/predict/noise_trend.hpp"
#include "gibbon/predict/predictors/lstm_network.hpp"
#include "gibbon/predict/state_file.hpp"
#include "gibbon/predict/targets.hpp"

namespace gibbon::predict {
namespace {

constexpr std::size_t kTrainingBatch = 16;
constexpr std::size_t kPredictionBatch = 32;
constexpr double kFirstDecay = 0.9;  // Adam's defaults (Kingma, Ba 2015)
constexpr double kSecondDecay = 0.999;
constexpr double kWeightDecay = 0.02;  // times the rate, a step
constexpr double kLastRateShare = 0.02;
constexpr double kLargestGradient = 5;      // of the norm: longer ones are cut
constexpr std::size_t kFewestToDoubt = 20;  // designs, of which a fifth can be held out

/// Adam's moments over one fit.
class Optimizer {
 public:
  explicit Optimizer(std::size_t count) : first_(count, 0.0F), second_(count, 0.0F) {}

  void step(double rate, std::vector<float>& gradient, std::vector<float>& weights) {
    ++steps_;
    cut(gradient);
    const double second_bias = std::sqrt(1 - std::pow(kSecondDecay, steps_));
    const AdamStep step{
        .rate = static_cast<float>(rate * second_bias / (1 - std::pow(kFirstDecay, steps_))),
        .first_decay = static_cast<float>(kFirstDecay),
        .second_decay = static_cast<float>(kSecondDecay),
        .epsilon = static_cast<float>(1e-8 * second_bias),
        .weight_decay = static_cast<float>(rate * kWeightDecay)};
    adam_step(weights.size(), step, gradient.data(), first_.data(), second_.data(), weights.data());
  }

 private:
  static void cut(std::vector<float>& gradient) {
    double squares = 0;
    for (const float g : gradient) squares += static_cast<double>(g) * g;
    const double norm = std::sqrt(squares);
    if (norm <= kLargestGradient) return;
    const auto factor = static_cast<float>(kLargestGradient / norm);
    for (float& g : gradient) g *= factor;
  }

  int steps_ = 0;
  std::vector<float> first_;
  std::vector<float> second_;
};

/// Huber's loss (delta 1), the mean over all outputs, and its gradient by them.
double huber(std::span<const float> outputs, std::span<const float> targets,
             std::vector<float>& gradient) {
  gradient.resize(outputs.size());
  const float share = 1.0F / static_cast<float>(outputs.size());
  double loss = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const float off = outputs[i] - targets[i];
    const float size = std::abs(off);
    loss += size <= 1 ? 0.5F * off * off : size - 0.5F;
    gradient[i] = share * std::clamp(off, -1.0F, 1.0F);
  }
  return loss * share;
}

/// Standard deviation.
double deviation(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count);
}

struct Example {
  Sequence sequence;
  std::array<float, kTargetCount> targets;
};

/// One network trained over all epochs of a fit; returns the last epoch's mean loss.
double train(LstmNetwork& network, std::span<const Example> examples,
             const PredictorOptions& options, base::Rng rng) {
  Optimizer optimizer(network.parameters().size());
  LstmPass pass;
  std::vector<float> gradient;
  std::vector<float> d_outputs;
  std::vector<float> targets;
  std::vector<const Sequence*> batch;
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  double loss = 0;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    rng.shuffle(order);
    loss = 0;
    for (std::size_t begin = 0; begin < order.size(); begin += kTrainingBatch) {
      const std::size_t end = std::min(begin + kTrainingBatch, order.size());
      batch.clear();
      targets.clear();
      for (std::size_t i = begin; i < end; ++i) {
        const Example& example = examples[order[i]];
        batch.push_back(&example.sequence);
        targets.insert(targets.end(), example.targets.begin(), example.targets.end());
      }
      const std::vector<float> outputs = network.forward(batch, pass);
      loss += huber(outputs, targets, d_outputs) * static_cast<double>(end - begin);
      gradient.assign(network.parameters().size(), 0.0F);
      network.add_gradient(batch, d_outputs, pass, gradient);
      const double progress =
          (epoch + static_cast<double>(begin) / static_cast<double>(order.size())) / options.epochs;
      const double falling = (1 + std::cos(std::numbers::pi * progress)) / 2;
      optimizer.step(options.learning_rate * (kLastRateShare + (1 - kLastRateShare) * falling),
                     gradient, network.parameters());
    }
  }
  return loss / static_cast<double>(order.size());
}

class LstmPredictor final : public Predictor {
 public:
  LstmPredictor(const space::SearchSpace& space, const PredictorOptions& options)
      : space_(space), options_(options), encoder_(space), trend_(space, options) {
    for (int member = 0; member < options.members; ++member) {
      members_.push_back(untrained(static_cast<std::uint64_t>(member)));
    }
  }

  FitReport fit(std::span<const space::Evaluation> evaluations) override {
    TrainingSet set = training_set(evaluations, options_.accuracy_target);
    std::vector<Example> examples(set.genomes.size());
    const Standardisation renewed = Standardisation::beside_trend(set.targets);
    trend_.take_off(set);
    for (std::size_t i = 0; i < examples.size(); ++i) {
      examples[i].sequence = encoder_.encode(set.genomes[i]);
      const Targets targets = renewed.standardised(set.targets[i]);
      std::copy(targets.begin(), targets.end(), examples[i].targets.begin());
    }
    if (fits_ > 0) keep_predictions_under(renewed);
    standardisation_ = renewed;

    confidence_ = confidence_in_remainder(examples);
    std::vector<double> losses(members_.size());
    base::parallel_for(members_.size(), options_.threads, [&](std::size_t member) {
      const std::uint64_t index = fits_ * members_.size() + member;
      losses[member] = train(members_[member], examples, options_,
                             base::Rng::forked(options_.seed, "predict.fit", index));
    });
    ++fits_;
    const double loss = std::accumulate(losses.begin(), losses.end(), 0.0);
    if (!std::isfinite(loss)) {
      throw base::Error(fmt::format("predictor: training diverged with learning_rate {}; lower it",
                                    options_.learning_rate));
    }
    return {.epochs = options_.epochs,
            .evaluations = static_cast<int>(examples.size()),
            .training_loss = loss / static_cast<double>(losses.size())};
  }

  std::vector<Prediction> predict(std::span<const space::Genome> genomes) const override {
    if (!is_ready()) throw std::logic_error("LstmPredictor: predict() before fit() or load()");
    std::vector<Prediction> predictions(genomes.size());
    const std::size_t batches = (genomes.size() + kPredictionBatch - 1) / kPredictionBatch;
    base::parallel_for(batches, options_.threads, [&](std::size_t batch) {
      const std::size_t begin = batch * kPredictionBatch;
      const std::size_t count = std::min(kPredictionBatch, genomes.size() - begin);
      predict_batch(genomes.subspan(begin, count), std::span(predictions).subspan(begin, count));
    });
    return predictions;
  }

  bool is_ready() const override { return fits_ > 0; }

  void save(const std::filesystem::path& path) const override {
    base::Json members = base::Json::array();
    for (const LstmNetwork& member : members_) members.push_back(to_hex(member.parameters()));
    write_state(path, {kName, space_},
                {{"hidden", options_.hidden},
                 {"accuracy_target", options_.accuracy_target},
                 {"fits", fits_},
                 {"standardisation", to_json(standardisation_)},
                 {"noise_trend", trend_.to_json()},
                 {"confidence", confidence_},
                 {"members", std::move(members)}});
  }

  void load(const std::filesystem::path& path) override {
    const base::Json state = read_state(path, {kName, space_});
    with_json_errors_named(path, [&] {
      check_same(path, state, "hidden", options_.hidden);
      check_same(path, state, "accuracy_target", options_.accuracy_target);
      const base::Json& saved = state.at("members");
      if (saved.size() != members_.size()) {
        throw_damaged(path, "it has another number of members");
      }
      std::vector<LstmNetwork> members = members_;
      for (std::size_t i = 0; i < members.size(); ++i) {
        members[i].parameters() = floats_from_hex(path, saved.at(i).get_ref<const std::string&>(),
                                                  members[i].parameters().size());
      }
      const Standardisation standardisation = standardisation_from(state.at("standardisation"));
      const auto fits = state.at("fits").get<std::uint64_t>();
      const auto confidence = state.at("confidence").get<double>();
      trend_.restore(state.at("noise_trend"));
      standardisation_ = standardisation;
      fits_ = fits;
      confidence_ = confidence;
      for (std::size_t i = 0; i < members.size(); ++i) {
        members_[i].parameters() = std::move(members[i].parameters());
      }
    });
  }

 private:
  static constexpr std::string_view kName = "lstm";

  LstmNetwork untrained(std::uint64_t member) const {
    return {encoder_, options_.hidden, static_cast<int>(kTargetCount),
            base::Rng::forked(options_.seed, "predict.weights", member)};
  }

  /// How much of what a network says beside the trend to believe: the slope of the true one over
  /// it, on a fifth of the designs that it was not trained on. Few designs, or noisy ones, teach it
  /// more than there is.
  double confidence_in_remainder(std::vector<Example> examples) const {
    if (!trend_.reads_noise() || examples.size() < kFewestToDoubt) return 1;
    base::Rng::forked(options_.seed, "predict.confidence", fits_).shuffle(examples);
    const std::size_t held_out = examples.size() / 5;
    const std::span<const Example> all = examples;
    LstmNetwork network = untrained(0);
    train(network, all.subspan(held_out), options_,
          base::Rng::forked(options_.seed, "predict.confidence.fit", fits_));
    std::vector<const Sequence*> batch;
    for (const Example& example : all.first(held_out)) batch.push_back(&example.sequence);
    LstmPass pass;
    const std::vector<float> outputs = network.forward(batch, pass);
    double agreement = 0;
    double squares = 0;
    for (std::size_t i = 0; i < held_out; ++i) {
      const double said = static_cast<double>(outputs[i * kTargetCount]);
      agreement += said * static_cast<double>(all[i].targets[0]);
      squares += said * said;
    }
    return squares > 0 ? std::clamp(agreement / squares, 0.0, 1.0) : 1;
  }

  /// New units for the outputs; what they say stays.
  void keep_predictions_under(const Standardisation& renewed) {
    Targets scale;
    Targets shift;
    for (std::size_t i = 0; i < kTargetCount; ++i) {
      scale[i] = standardisation_.deviation[i] / renewed.deviation[i];
      shift[i] = (standardisation_.mean[i] - renewed.mean[i]) / renewed.deviation[i];
    }
    for (LstmNetwork& member : members_) member.rescale_outputs(scale, shift);
  }

  void predict_batch(std::span<const space::Genome> genomes,
                     std::span<Prediction> predictions) const {
    std::vector<Sequence> sequences;
    std::vector<const Sequence*> batch;
    for (const space::Genome& genome : genomes) sequences.push_back(encoder_.encode(genome));
    for (const Sequence& sequence : sequences) batch.push_back(&sequence);
    LstmPass pass;
    std::vector<std::vector<float>> outputs;
    for (const LstmNetwork& member : members_) outputs.push_back(member.forward(batch, pass));
    for (std::size_t i = 0; i < genomes.size(); ++i) {
      predictions[i] = combined(outputs, i, trend_.of(genomes[i]));
    }
  }

  Prediction combined(const std::vector<std::vector<float>>& outputs, std::size_t row,
                      double trend) const {
    Targets mean{};
    std::vector<double> accuracies;
    const auto count = static_cast<double>(outputs.size());
    for (const std::vector<float>& member : outputs) {
      Targets own;
      for (std::size_t i = 0; i < kTargetCount; ++i) {
        own[i] = member[row * kTargetCount + i];
        mean[i] += own[i] / count;
      }
      accuracies.push_back(prediction(own, trend).accuracy(kPerfect));
    }
    Prediction combined = prediction(mean, trend);
    combined.accuracy_spread = deviation(accuracies);
    return combined;
  }

  Prediction prediction(Targets standardised, double trend) const {
    standardised[0] *= confidence_;
    Targets targets = standardisation_.restored(standardised);
    targets[0] += trend;
    return prediction_of(targets, options_.accuracy_target);
  }

  const space::SearchSpace& space_;
  PredictorOptions options_;
  SequenceEncoder encoder_;
  std::vector<LstmNetwork> members_;
  Standardisation standardisation_;
  NoiseTrend trend_;
  double confidence_ = 1;  ///< in what the networks say of the accuracy beside the trend, 0 to 1
  std::uint64_t fits_ = 0;
};

}  // namespace

std::unique_ptr<Predictor> make_lstm_predictor(const space::SearchSpace& space,
                                               const PredictorOptions& options) {
  return std::make_unique<LstmPredictor>(space, options);
}

}  // namespace gibbon::predict
