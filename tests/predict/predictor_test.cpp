#include "gibbon/predict/predictor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <stdexcept>

#include "error_of.hpp"
#include "gibbon/base/file.hpp"
#include "predict/toy_space.hpp"

namespace gibbon::predict {
namespace {

using space::Metric;
using testing::genomes_of;
using ::testing::HasSubstr;
using testing::ToySpace;

bool same(const Prediction& a, const Prediction& b) {
  return a.accuracy_offset == b.accuracy_offset && a.accuracy_share == b.accuracy_share &&
         a.accuracy_spread == b.accuracy_spread && a.hardware == b.hardware;
}

void expect_same(const std::vector<Prediction>& a, const std::vector<Prediction>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same(a[i], b[i])) << "at " << i;
}

using test::error_of;

/// Evaluations with what the predictor says of them.
std::vector<space::Evaluation> predicted(const Predictor& predictor,
                                         std::vector<space::Evaluation> evaluations) {
  const std::vector<Prediction> predictions = predictor.predict(genomes_of(evaluations));
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    evaluations[i].predicted = predictions[i].metrics(evaluations[i].one_shot_accuracy);
  }
  return evaluations;
}

/// What every predictor promises; runs over the whole registry.
class PredictorContract : public ::testing::TestWithParam<std::string_view> {
 protected:
  std::unique_ptr<Predictor> make(PredictorOptions options) const {
    return make_predictor(GetParam(), space_, options);
  }
  static PredictorOptions small() {
    return {.seed = 5, .threads = 1, .hidden = 16, .members = 2, .epochs = 6};
  }
  std::filesystem::path file() const {
    return std::filesystem::temp_directory_path() /
           ("gibbon_predictor_" + std::to_string(getpid()) + ".json");
  }
  void TearDown() override { std::filesystem::remove(file()); }

  ToySpace space_;
};

TEST_P(PredictorContract, LearnsASyntheticLawFrom150Designs) {
  const std::unique_ptr<Predictor> predictor = make({.seed = 1});
  const FitReport report = predictor->fit(space_.evaluations(150, 11));
  EXPECT_EQ(report.evaluations, 150);
  EXPECT_GE(report.epochs, 1);
  EXPECT_LT(report.training_loss, 0.2);
  const std::vector<space::Evaluation> held_out = space_.evaluations(300, 12);
  const PredictorQuality quality = measure_quality(predicted(*predictor, held_out));
  EXPECT_EQ(quality.count, 300);
  EXPECT_GE(quality.accuracy_kendall_tau, 0.8);
  std::vector<double> truth;
  std::vector<double> guess;
  for (const space::Evaluation& evaluation : predicted(*predictor, held_out)) {
    truth.push_back(evaluation.metrics[Metric::kAccuracy] - evaluation.one_shot_accuracy);
    guess.push_back((*evaluation.predicted)[Metric::kAccuracy] - evaluation.one_shot_accuracy);
  }
  EXPECT_GE(kendall_tau(truth, guess), 0.8);
  EXPECT_LT(quality.latency_relative_error, 0.3);
  EXPECT_LT(quality.energy_relative_error, 0.5);
  EXPECT_LT(quality.area_relative_error, 0.5);
  RecordProperty("tau", std::to_string(quality.accuracy_kendall_tau));
  RecordProperty("difference_tau", std::to_string(kendall_tau(truth, guess)));
  RecordProperty("latency", std::to_string(quality.latency_relative_error));
  RecordProperty("energy", std::to_string(quality.energy_relative_error));
  RecordProperty("area", std::to_string(quality.area_relative_error));
}

TEST_P(PredictorContract, PredictsTheAbsoluteAccuracyWhenToldTo) {
  const std::unique_ptr<Predictor> predictor = make({.accuracy_target = AccuracyTarget::kAbsolute});
  predictor->fit(space_.evaluations(150, 11));
  const std::vector<space::Evaluation> held_out = predicted(*predictor, space_.evaluations(100, 1));
  EXPECT_GE(measure_quality(held_out).accuracy_kendall_tau, 0.7);
  const Prediction one = predictor->predict(genomes_of(held_out))[0];
  EXPECT_EQ(one.accuracy(1), one.accuracy(99));
  EXPECT_GT(one.accuracy(1), 40);
}

TEST_P(PredictorContract, EdpIsLatencyTimesEnergyAndPowerIsItsOwn) {
  const std::unique_ptr<Predictor> predictor = make(small());
  predictor->fit(space_.evaluations(60, 11));
  for (const Prediction& one : predictor->predict(genomes_of(space_.evaluations(20, 2)))) {
    EXPECT_DOUBLE_EQ(one.hardware[Metric::kEdp],
                     one.hardware[Metric::kLatency] * one.hardware[Metric::kEnergy]);
    EXPECT_GT(one.hardware[Metric::kPower], 0);
    EXPECT_EQ(one.hardware[Metric::kAccuracy], 0);
  }
}

TEST_P(PredictorContract, SameSeedAndDataSamePredictionsAtAnyThreadCount) {
  const std::vector<space::Evaluation> data = space_.evaluations(70, 3);
  const std::vector<space::Genome> genomes = genomes_of(space_.evaluations(100, 4));
  std::vector<std::vector<Prediction>> runs;
  for (const int threads : {1, 1, 2, 5}) {
    PredictorOptions options = small();
    options.threads = threads;
    const std::unique_ptr<Predictor> predictor = make(options);
    predictor->fit(data);
    predictor->fit(data);
    runs.push_back(predictor->predict(genomes));
  }
  for (const std::vector<Prediction>& run : runs) expect_same(runs[0], run);
}

TEST_P(PredictorContract, OneByOneIsTheBatchInOrder) {
  const std::unique_ptr<Predictor> predictor = make(small());
  predictor->fit(space_.evaluations(70, 3));
  std::vector<space::Genome> genomes = genomes_of(space_.evaluations(77, 4));
  const std::vector<Prediction> batch = predictor->predict(genomes);
  std::vector<Prediction> singles;
  for (const space::Genome& genome : genomes) {
    singles.push_back(predictor->predict({&genome, 1}).at(0));
  }
  expect_same(batch, singles);
  EXPECT_TRUE(predictor->predict({}).empty());
}

TEST_P(PredictorContract, IgnoresInfeasibleEvaluations) {
  std::vector<space::Evaluation> data = space_.evaluations(40, 3);
  const std::unique_ptr<Predictor> without = make(small());
  without->fit(data);
  for (space::Evaluation extra : space_.evaluations(30, 9)) {
    extra.infeasible = "too large";
    extra.metrics[Metric::kLatency] = 1e9;
    data.insert(data.begin() + 5, extra);
  }
  const std::unique_ptr<Predictor> with = make(small());
  EXPECT_EQ(with->fit(data).evaluations, 40);
  const std::vector<space::Genome> genomes = genomes_of(space_.evaluations(20, 4));
  expect_same(with->predict(genomes), without->predict(genomes));
}

TEST_P(PredictorContract, LearnsOnlyFromFeasibleFiniteEvaluations) {
  const std::unique_ptr<Predictor> predictor = make(small());
  const std::string empty = "predictor: there is no feasible evaluation to learn from";
  EXPECT_EQ(error_of([&] { predictor->fit({}); }), empty);
  std::vector<space::Evaluation> data = space_.evaluations(1, 3);
  data[0].infeasible = "too large";
  EXPECT_EQ(error_of([&] { predictor->fit(data); }), empty);
  data[0].infeasible.clear();
  data[0].metrics[Metric::kEnergy] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(error_of([&] { predictor->fit(data); }),
            "predictor: an evaluation's energy is inf, not finite");
  EXPECT_FALSE(predictor->is_ready());
  EXPECT_THROW(predictor->predict({}), std::logic_error);
}

TEST_P(PredictorContract, LearnsFromASingleDesignAndFromFreeResources) {
  const std::unique_ptr<Predictor> predictor = make(small());
  std::vector<space::Evaluation> data = space_.evaluations(1, 3);
  data[0].metrics[Metric::kArea] = 0;
  predictor->fit(data);
  const Prediction one = predictor->predict(genomes_of(data))[0];
  EXPECT_TRUE(std::isfinite(one.hardware[Metric::kLatency]));
  EXPECT_LT(one.hardware[Metric::kArea], 1e-9);
}

TEST_P(PredictorContract, RefusesGenomesOfAnotherSpace) {
  const std::unique_ptr<Predictor> predictor = make(small());
  std::vector<space::Evaluation> data = space_.evaluations(20, 3);
  predictor->fit(data);
  std::vector<space::Genome> genomes = genomes_of(data);
  genomes[3].pop_back();
  EXPECT_EQ(error_of([&] { predictor->predict(genomes); }),
            "a genome of space 'toy' has 21 genes, this one has 20");
  genomes = genomes_of(data);
  genomes[3][1] = 4;
  EXPECT_EQ(error_of([&] { predictor->predict(genomes); }),
            "gene 'hardware.adc_bits' has choice 4, allowed are 0 to 3");
}

TEST_P(PredictorContract, SaveAndLoadKeepPredictionsAndTheFuture) {
  const std::vector<space::Evaluation> data = space_.evaluations(50, 3);
  const std::vector<space::Genome> genomes = genomes_of(space_.evaluations(20, 4));
  const std::unique_ptr<Predictor> saved = make(small());
  saved->fit(data);
  saved->save(file());
  const std::unique_ptr<Predictor> loaded = make(small());
  EXPECT_FALSE(loaded->is_ready());
  loaded->load(file());
  EXPECT_TRUE(loaded->is_ready());
  expect_same(loaded->predict(genomes), saved->predict(genomes));
  const std::vector<space::Evaluation> more = space_.evaluations(80, 8);
  saved->fit(more);
  loaded->fit(more);
  expect_same(loaded->predict(genomes), saved->predict(genomes));
}

TEST_P(PredictorContract, NamesWhatIsWrongWithAFileAndStaysAsItWas) {
  const std::unique_ptr<Predictor> predictor = make(small());
  predictor->fit(space_.evaluations(30, 3));
  const std::vector<space::Genome> genomes = genomes_of(space_.evaluations(5, 4));
  const std::vector<Prediction> before = predictor->predict(genomes);
  predictor->save(file());
  const std::string content = base::read_file(file());
  const auto error_with = [&](const std::string& text) {
    base::write_file_atomically(file(), text);
    const std::string error = error_of([&] { predictor->load(file()); });
    EXPECT_THAT(error, HasSubstr(file().string() + ": not a usable predictor file: "));
    expect_same(predictor->predict(genomes), before);
    return error;
  };
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = content;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
  };
  EXPECT_THAT(error_with(""), HasSubstr("parse error"));
  EXPECT_THAT(error_with(content.substr(0, content.size() / 2)), HasSubstr("parse error"));
  EXPECT_THAT(error_with("{}"), HasSubstr("format"));
  EXPECT_THAT(error_with("[1]"), HasSubstr("at()"));
  EXPECT_THAT(error_with(changed("gibbon-predictor", "something")),
              HasSubstr("its format is another"));
  EXPECT_THAT(error_with(changed("\"version\":4", "\"version\":3")),
              HasSubstr("its version is 3, this program reads 4"));
  EXPECT_THAT(error_with(changed("\"predictor\":\"", "\"predictor\":\"x")),
              HasSubstr("it holds the predictor \"x"));
  EXPECT_THAT(error_with(changed("\"mean\":[", "\"mean\":[0,")),
              HasSubstr("its checksum does not match"));
  std::filesystem::remove(file());
  EXPECT_THAT(error_of([&] { predictor->load(file()); }), HasSubstr(file().string()));
  expect_same(predictor->predict(genomes), before);
}

TEST_P(PredictorContract, RefusesFilesOfOtherSpacesAndOptions) {
  const std::unique_ptr<Predictor> predictor = make(small());
  predictor->fit(space_.evaluations(30, 3));
  predictor->save(file());
  const ToySpace larger(7);
  EXPECT_THAT(error_of([&] { make_predictor(GetParam(), larger, small())->load(file()); }),
              HasSubstr("it was made for another search space"));
  PredictorOptions absolute = small();
  absolute.accuracy_target = AccuracyTarget::kAbsolute;
  EXPECT_THAT(error_of([&] { make(absolute)->load(file()); }),
              HasSubstr("its accuracy_target is \"asinh_relative\", not \"absolute\""));
}

TEST_P(PredictorContract, SaysWhyItCannotSave) {
  const std::unique_ptr<Predictor> predictor = make(small());
  predictor->fit(space_.evaluations(30, 3));
  EXPECT_THAT(error_of([&] { predictor->save("/nonexistent/predictor.json"); }),
              HasSubstr("/nonexistent/predictor.json"));
}

INSTANTIATE_TEST_SUITE_P(All, PredictorContract, ::testing::Values("lstm", "ridge"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(PredictorRegistry, HoldsTheTestedPredictorsDefaultFirst) {
  std::vector<std::string_view> names;
  for (const PredictorEntry& entry : predictor_registry()) {
    names.push_back(entry.name);
    EXPECT_FALSE(entry.summary.empty());
  }
  EXPECT_THAT(names, ::testing::ElementsAre("lstm", "ridge"));
}

TEST(PredictorRegistry, RefusesUnknownNamesAndOptionsOutOfRange) {
  const ToySpace space;
  EXPECT_EQ(error_of([&] { make_predictor("svr", space, {}); }),
            "unknown predictor 'svr' (allowed: lstm, ridge)");
  EXPECT_EQ(error_of([&] { make_predictor("lstm", space, {.threads = 0}); }),
            "predictor: threads is 0, not >= 1");
  EXPECT_EQ(error_of([&] { make_predictor("lstm", space, {.hidden = 0}); }),
            "predictor: hidden is 0, not >= 1");
  EXPECT_EQ(error_of([&] { make_predictor("lstm", space, {.members = 0}); }),
            "predictor: members is 0, not >= 1");
  EXPECT_EQ(error_of([&] { make_predictor("ridge", space, {.epochs = -1}); }),
            "predictor: epochs is -1, not >= 1");
  EXPECT_EQ(error_of([&] { make_predictor("lstm", space, {.learning_rate = 0}); }),
            "predictor: learning_rate is 0, not > 0");
  EXPECT_NO_THROW(make_predictor("lstm", space, {.hidden = 1, .epochs = 1}));
}

TEST(KendallTau, HandCalculated) {
  const std::vector<double> rising = {1, 2, 3, 4};
  EXPECT_EQ(kendall_tau(rising, std::vector<double>{10, 20, 30, 40}), 1);
  EXPECT_EQ(kendall_tau(rising, std::vector<double>{4, 3, 2, 1}), -1);
  // Pairs (1,2) and (3,4) are swapped: 4 agree, 2 do not: (4 - 2) / 6.
  EXPECT_DOUBLE_EQ(kendall_tau(rising, std::vector<double>{2, 1, 4, 3}), 2.0 / 6);
  // A tie of the predictions counts 0 and stays in the denominator: (5 - 0) / 6.
  EXPECT_DOUBLE_EQ(kendall_tau(rising, std::vector<double>{1, 1, 2, 3}), 5.0 / 6);
  // So does one of the truth.
  EXPECT_DOUBLE_EQ(kendall_tau(std::vector<double>{1, 1, 2}, std::vector<double>{1, 2, 3}),
                   2.0 / 3);
  EXPECT_EQ(kendall_tau(std::vector<double>{1, 1}, std::vector<double>{1, 2}), 0);
  EXPECT_EQ(kendall_tau(std::vector<double>{1}, std::vector<double>{1}), 0);
  EXPECT_EQ(kendall_tau({}, {}), 0);
}

space::Evaluation evaluation(double accuracy, double latency, double energy, double area) {
  space::Evaluation result;
  result.metrics[Metric::kAccuracy] = accuracy;
  result.metrics[Metric::kLatency] = latency;
  result.metrics[Metric::kEnergy] = energy;
  result.metrics[Metric::kArea] = area;
  return result;
}

TEST(MeasureQuality, HandCalculated) {
  std::vector<space::Evaluation> all = {evaluation(80, 2, 4, 10), evaluation(70, 1, 0, 20),
                                        evaluation(60, 3, 5, 30), evaluation(50, 9, 9, 9)};
  all[0].predicted = evaluation(81, 3, 5, 10).metrics;
  all[1].predicted = evaluation(73, 1, 7, 10).metrics;
  all[2].predicted = evaluation(0, 0, 0, 0).metrics;
  all[2].infeasible = "left out";
  const PredictorQuality quality = measure_quality(all);
  EXPECT_EQ(quality.count, 2);
  EXPECT_EQ(quality.accuracy_kendall_tau, 1);
  EXPECT_DOUBLE_EQ(quality.accuracy_mean_abs_error, 2);    // (1 + 3) / 2
  EXPECT_DOUBLE_EQ(quality.latency_relative_error, 0.25);  // (1/2 + 0) / 2
  EXPECT_DOUBLE_EQ(quality.energy_relative_error, 0.25);   // 1/4; nothing relative to 0
  EXPECT_DOUBLE_EQ(quality.area_relative_error, 0.25);     // (0 + 10/20) / 2
}

TEST(MeasureQuality, IsZeroWithoutPredictions) {
  const std::vector<space::Evaluation> all = {evaluation(80, 2, 4, 10)};
  const PredictorQuality quality = measure_quality(all);
  EXPECT_EQ(quality.count, 0);
  EXPECT_EQ(quality.latency_relative_error, 0);
}

TEST(Prediction, IsAnOffsetAndAShareOfTheOneShotAccuracy) {
  Prediction prediction;
  prediction.accuracy_offset = 1.5;
  EXPECT_EQ(prediction.accuracy(90), 91.5);
  prediction.accuracy_offset = -2.5;
  prediction.accuracy_share = 0.5;
  prediction.hardware[Metric::kLatency] = 3;
  EXPECT_EQ(prediction.accuracy(90), 42.5);
  EXPECT_EQ(prediction.metrics(90)[Metric::kAccuracy], 42.5);
  EXPECT_EQ(prediction.metrics(90)[Metric::kLatency], 3);
}

}  // namespace
}  // namespace gibbon::predict
