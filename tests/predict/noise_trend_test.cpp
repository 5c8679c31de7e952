#include "gibbon/predict/noise_trend.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "gibbon/predict/predictor.hpp"
#include "gibbon/space/spaces/gibbon.hpp"
#include "predict/toy_space.hpp"

namespace gibbon::predict {
namespace {

using space::Evaluation;
using space::Genome;
using space::Metric;

std::unique_ptr<space::SearchSpace> gibbon_space() {
  return space::make_gibbon_space(space::gibbon_table1_spec());
}

TEST(ConverterLoad, FallsByOneWithEachBitOfTheConverter) {
  const auto space = gibbon_space();
  const std::size_t adc = space->gene_index("hardware.adc_bits");
  base::Rng rng(2);
  for (int i = 0; i < 5; ++i) {
    Genome coarse = space->sample(rng);
    coarse[adc] = 0;  // 4 bits
    Genome fine = coarse;
    fine[adc] = 2;  // 8 bits: every step is 2^4 times smaller
    EXPECT_NEAR(converter_load(*space, coarse).bits - converter_load(*space, fine).bits, 4, 1e-9);
  }
}

TEST(ConverterLoad, HasTheSizesOfDigits) {
  const auto space = gibbon_space();
  base::Rng rng(2);
  Genome genome = space->sample(rng);
  genome[space->gene_index("hardware.dac_bits")] = 1;   // 2 bits
  genome[space->gene_index("hardware.cell_bits")] = 0;  // 1 bit
  const ConverterLoad load = converter_load(*space, genome);
  EXPECT_EQ(load.dac_bits, 2);
  EXPECT_EQ(load.cell_bits, 1);
}

TEST(ConverterLoad, IsNoneWithoutADesign) {
  const testing::ToySpace space;
  base::Rng rng(2);
  const ConverterLoad load = converter_load(space, space.draw(rng));
  EXPECT_EQ(load.bits, 0);
  EXPECT_EQ(NoiseIndex({1, 1}).of(load), 0);
}

/// What designs keep of 100 percent that lose one for each bit above -8 of an index, one of which
/// counts digits.
std::vector<double> kept_by(const NoiseIndex& index, std::span<const ConverterLoad> loads) {
  std::vector<double> kept;
  for (const ConverterLoad& load : loads) kept.push_back(92 - index.of(load));
  return kept;
}

std::vector<ConverterLoad> random_loads(int count) {
  base::Rng rng(8);
  std::vector<ConverterLoad> loads(static_cast<std::size_t>(count));
  for (ConverterLoad& load : loads) {
    load = {-8 + 2 * rng.normal(), 1 + static_cast<int>(rng.below(2)),
            1 + static_cast<int>(rng.below(2))};
  }
  return loads;
}

TEST(NoiseIndex, FindsWhatDigitsTake) {
  const std::vector<ConverterLoad> loads = random_loads(150);
  const NoiseIndex found = NoiseIndex::fitted(loads, kept_by({0.75, -0.5}, loads));
  EXPECT_NEAR(found.per_dac_bit, 0.75, 0.13);
  EXPECT_NEAR(found.per_cell_bit, -0.5, 0.13);
}

TEST(NoiseIndex, IsThePlainBitsWhereDigitsTellNothing) {
  const std::vector<ConverterLoad> loads = random_loads(150);
  const NoiseIndex plain = NoiseIndex::fitted(loads, kept_by({}, loads));
  EXPECT_EQ(plain.per_dac_bit, 0);
  EXPECT_EQ(plain.per_cell_bit, 0);
  const NoiseIndex none = NoiseIndex::fitted({}, {});
  EXPECT_EQ(none.per_dac_bit, 0);
  EXPECT_EQ(none.per_cell_bit, 0);
}

/// Designs whose loss on crossbars doubles with each bit that converters take; 8 points at -1.
std::vector<Evaluation> noisy_designs(const space::SearchSpace& space, int count) {
  base::Rng rng(6);
  std::vector<Evaluation> designs;
  for (int i = 0; i < count; ++i) {
    Evaluation design;
    design.genome = space.sample(rng);
    design.one_shot_accuracy = 80 + rng.normal();
    const double lost = std::exp2(converter_load(space, design.genome).bits + 4);
    for (const Metric metric : {Metric::kLatency, Metric::kEnergy, Metric::kArea, Metric::kPower}) {
      design.metrics[metric] = 1;
    }
    design.metrics[Metric::kAccuracy] = design.one_shot_accuracy - lost;
    designs.push_back(design);
  }
  return designs;
}

TEST(NoiseTrend, TakesOffWhatNoiseTells) {
  const auto space = gibbon_space();
  const PredictorOptions options{.accuracy_target = AccuracyTarget::kDifference};
  TrainingSet set = training_set(noisy_designs(*space, 60), AccuracyTarget::kDifference);
  const TrainingSet before = set;
  NoiseTrend trend(*space, options);
  trend.take_off(set);
  for (std::size_t i = 0; i < set.targets.size(); ++i) {
    EXPECT_NEAR(set.targets[i][0], 0, 1e-9);  // the losses fall with the noise: all is trend
    EXPECT_NEAR(trend.of(set.genomes[i]), before.targets[i][0], 1e-9);
    EXPECT_EQ(set.targets[i][1], before.targets[i][1]);
  }
  NoiseTrend restored(*space, options);
  restored.restore(base::Json::parse(trend.to_json().dump()));
  EXPECT_EQ(restored.of(set.genomes[3]), trend.of(set.genomes[3]));
}

TEST(NoiseTrend, IsTheMeanWhereNoiseIsNotReadOrTellsNothing) {
  const auto expect_mean = [](const space::SearchSpace& space, std::vector<Evaluation> designs,
                              const PredictorOptions& options) {
    TrainingSet set = training_set(designs, options.accuracy_target);
    double mean = 0;
    for (const Targets& targets : set.targets) {
      mean += targets[0] / static_cast<double>(set.targets.size());
    }
    NoiseTrend trend(space, options);
    trend.take_off(set);
    for (const Genome& genome : set.genomes) EXPECT_NEAR(trend.of(genome), mean, 1e-9);
  };
  const auto space = gibbon_space();
  const std::vector<Evaluation> designs = noisy_designs(*space, 60);
  expect_mean(*space, designs, {.accuracy_target = AccuracyTarget::kAbsolute});
  expect_mean(*space, designs, {.noise_trend = false});
  const testing::ToySpace toy;
  expect_mean(toy, toy.evaluations(30, 1), {});
}

TEST(NoiseTrend, PredictorsOrderOtherDesignsByIt) {
  const auto space = gibbon_space();
  const std::vector<Evaluation> designs = noisy_designs(*space, 160);
  const std::span<const Evaluation> known(designs.data(), 60);
  for (const PredictorEntry& entry : predictor_registry()) {
    const auto predictor = entry.make(*space, {});
    predictor->fit(known);
    std::vector<double> truth;
    std::vector<double> predicted;
    for (std::size_t i = known.size(); i < designs.size(); ++i) {
      const Evaluation& design = designs[i];
      truth.push_back(design.metrics[Metric::kAccuracy]);
      const std::vector<Genome> genome = {design.genome};
      predicted.push_back(predictor->predict(genome).front().accuracy(design.one_shot_accuracy));
    }
    EXPECT_GT(kendall_tau(truth, predicted), 0.95) << entry.name;
  }
}

}  // namespace
}  // namespace gibbon::predict
