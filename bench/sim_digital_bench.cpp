// Evaluations of ViT-B/16 a second that digital_cim's cost() gives on one core. Each is of another
// chip, and of another sub-network in the second case, so that nothing can be remembered from the
// one before. Making the networks is not timed.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/nn/vision_transformer.hpp"
#include "gibbon/sim/simulator.hpp"

namespace {

using namespace gibbon;

constexpr std::size_t kChips = 512;
constexpr std::size_t kNetworks = 64;

template <std::size_t N>
int one_of(const std::array<int, N>& choices, base::Rng& rng) {
  return choices[rng.below(N)];
}

std::vector<hw::HardwareConfig> random_chips() {
  std::vector<hw::HardwareConfig> chips(kChips);
  for (std::size_t i = 0; i < kChips; ++i) {
    base::Rng rng = base::Rng::forked(1, "bench/chip", i);
    hw::DigitalCim& cim = chips[i].digital_cim.emplace();
    cim.pe.count = one_of<4>({16, 32, 64, 128}, rng);
    cim.pe.rows = one_of<3>({32, 64, 128}, rng);
    cim.pe.columns = one_of<3>({32, 64, 128}, rng);
    cim.pe.cells_per_column = one_of<3>({2, 4, 8}, rng);
    cim.pe.buffer_kb = one_of<3>({16, 32, 64}, rng);
    cim.shared_memory.size_kb = one_of<3>({1024, 2048, 4096}, rng);
    cim.shared_memory.bytes_per_cycle = one_of<3>({256, 512, 1024}, rng);
    cim.dram.gb_per_s = one_of<4>({25, 51, 102, 204}, rng);
  }
  return chips;
}

std::vector<nn::Network> random_networks(bool all_the_same) {
  std::vector<nn::Network> networks;
  for (std::size_t i = 0; i < kNetworks; ++i) {
    base::Rng rng = base::Rng::forked(1, "bench/network", i);
    nn::VisionTransformer vit;
    for (nn::TransformerBlock& block : vit.blocks) {
      if (all_the_same) break;
      block = {one_of<4>({6, 8, 10, 12}, rng), one_of<3>({1024, 2048, 3072}, rng)};
    }
    networks.push_back(nn::make_vision_transformer(vit));
  }
  return networks;
}

void run(benchmark::State& state, bool all_the_same) {
  const std::vector<hw::HardwareConfig> chips = random_chips();
  const std::vector<nn::Network> networks = random_networks(all_the_same);
  const auto simulator = sim::make_simulator("digital_cim");
  std::size_t next = 0;
  for (auto unused : state) {
    const auto cost = simulator->cost(networks[next % kNetworks], chips[next % kChips]);
    benchmark::DoNotOptimize(&cost);
    ++next;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("vit_b16", [](benchmark::State& state) { run(state, true); });
  benchmark::RegisterBenchmark("vit_b_subnets", [](benchmark::State& state) { run(state, false); });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
