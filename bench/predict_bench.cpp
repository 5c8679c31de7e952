// Training and asking the predictor on the Gibbon paper's space (2 to 10 blocks in each of 3
// stages). Arguments: threads, members.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/predict/predictor.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::predict {
namespace {

const space::SearchSpace& paper_space() {
  static const std::unique_ptr<space::SearchSpace> kSpace =
      space::make_gibbon_space(space::gibbon_table1_spec());
  return *kSpace;
}

std::vector<space::Genome> genomes(std::size_t count) {
  base::Rng rng(1);
  std::vector<space::Genome> all;
  while (all.size() < count) all.push_back(paper_space().sample(rng));
  return all;
}

/// Made-up metrics: times do not depend on them.
std::vector<space::Evaluation> evaluations(std::size_t count) {
  base::Rng rng(2);
  std::vector<space::Evaluation> all;
  for (const space::Genome& genome : genomes(count)) {
    space::Evaluation& one = all.emplace_back();
    one.genome = genome;
    for (double& value : one.metrics.values) value = 1 + rng.uniform();
  }
  return all;
}

PredictorOptions options(const benchmark::State& state) {
  PredictorOptions chosen;
  chosen.threads = static_cast<int>(state.range(0));
  chosen.members = static_cast<int>(state.range(1));
  return chosen;
}

void fit_300(benchmark::State& state, const char* name) {
  const std::vector<space::Evaluation> data = evaluations(300);
  const std::unique_ptr<Predictor> predictor = make_predictor(name, paper_space(), options(state));
  for (auto _ : state) benchmark::DoNotOptimize(predictor->fit(data).training_loss);
}

void predict(benchmark::State& state, const char* name, std::size_t count) {
  PredictorOptions chosen = options(state);
  chosen.epochs = 1;
  const std::unique_ptr<Predictor> predictor = make_predictor(name, paper_space(), chosen);
  predictor->fit(evaluations(50));
  const std::vector<space::Genome> asked = genomes(count);
  for (auto _ : state) benchmark::DoNotOptimize(predictor->predict(asked).data());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

BENCHMARK_CAPTURE(fit_300, lstm, "lstm")
    ->Args({1, 1})
    ->Args({2, 3})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(fit_300, ridge, "ridge")
    ->Args({1, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(predict, lstm_1000, "lstm", 1000)
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({2, 3})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(predict, lstm_one, "lstm", 1)
    ->Args({1, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(predict, ridge_1000, "ridge", 1000)
    ->Args({1, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace gibbon::predict

BENCHMARK_MAIN();
