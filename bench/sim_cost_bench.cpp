// Designs a second that a cost model's cost() gives on one core, over random designs of the paper's
// Table I space. Designs that do not fit their chip count: a search meets them, too; their share is
// a counter. Decoding genomes is not timed.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

namespace {

using namespace gibbon;

constexpr std::size_t kDesigns = 500;
constexpr std::uint64_t kSeed = 1;

std::vector<space::Design> random_designs() {
  const auto table1 = space::make_gibbon_space(space::gibbon_table1_spec());
  std::vector<space::Design> designs;
  for (std::uint64_t index = 0; designs.size() < kDesigns; ++index) {
    base::Rng rng = base::Rng::forked(kSeed, "bench/design", index);
    auto design = table1->decode(table1->sample(rng));
    if (!design) continue;
    designs.push_back(std::move(*design));
    designs.back().hardware.digital_cim.emplace();
  }
  return designs;
}

void run_cost(benchmark::State& state, std::string_view model) {
  const std::vector<space::Design> designs = random_designs();
  const auto simulator = sim::make_simulator(model);
  std::size_t next = 0;
  std::size_t fitting = 0;
  std::size_t done = 0;
  for (auto unused : state) {
    const space::Design& design = designs[next];
    const auto cost = simulator->cost(design.network, design.hardware);
    fitting += cost ? 1 : 0;
    ++done;
    next = (next + 1) % designs.size();
    benchmark::DoNotOptimize(&cost);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
  state.counters["fitting"] = static_cast<double>(fitting) / static_cast<double>(done);
}

}  // namespace

int main(int argc, char** argv) {
  for (const sim::SimulatorEntry& entry : sim::simulator_registry()) {
    benchmark::RegisterBenchmark(("cost/" + std::string(entry.name)).c_str(),
                                 [&entry](benchmark::State& state) { run_cost(state, entry.name); })
        ->MinTime(2);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
