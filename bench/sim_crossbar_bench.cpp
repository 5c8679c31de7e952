// Slice-MAC/s of every crossbar kernel: input digits x weight digits x multiply-accumulates of the
// layer, divided by the time of the whole layer (quantising, gathering, splitting, converters,
// output), on inputs that are not negative, as behind a ReLU. The reference runs the same layers;
// the ratio of two "GMAC/s" of one layer is the speed-up. "amx_peak" is the rate of byte products
// alone, in registers, where the processor has AMX: what the kernels' rates are a part of (two
// cycles share a product there, so that a part may exceed 1). "amx_in_use" is a product for each
// tile load, with that many of the eight registers in use: what they cost where another thread
// works on the same core.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/base/parallel.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"
#include "gibbon/sim/crossbar/crossbar_kernel.hpp"

namespace gibbon::sim {
namespace {

struct Shape {
  const char* name;
  int channels_in;
  int channels_out;
  int size;
  int kernel;
  int groups;
  int dac_bits;
  int cell_bits;
};

constexpr Shape kShapes[] = {
    {"64x64_3x3_at_32", 64, 64, 32, 3, 1, 1, 1},
    {"32x32_3x3_at_28", 32, 32, 28, 3, 1, 1, 1},
    {"96x96_3x3_at_8", 96, 96, 8, 3, 1, 1, 1},
    {"3x32_3x3_at_32", 3, 32, 32, 3, 1, 1, 1},
    {"64x64_1x1_at_16", 64, 64, 16, 1, 1, 1, 1},
    {"32x32_3x3_16_groups", 32, 32, 28, 3, 16, 1, 1},
    {"64x64_3x3_2bit", 64, 64, 16, 3, 1, 2, 2},
    {"64x64_3x3_2bit_cells", 64, 64, 16, 3, 1, 1, 2},
    {"128x128_3x3_at_16", 128, 128, 16, 3, 1, 1, 1},
};

CrossbarLayer make_layer(const Shape& shape, AdcMode mode) {
  nn::Conv conv{shape.channels_in, shape.channels_out, shape.kernel, 1,
                shape.kernel / 2,  shape.groups};
  nn::NetworkDescription d;
  d.input = {shape.channels_in, shape.size, shape.size};
  d.layers = {{"conv", conv, {nn::kNetworkInput}}};
  nn::TrainedNetwork trained{nn::Network(d), std::vector<nn::LayerState>(1)};
  base::Rng rng(1);
  nn::LayerState& state = trained.states[0];
  double largest = 0;
  for (long i = 0; i < trained.network.weight_count(); ++i) {
    state.weight.push_back(static_cast<float>(rng.normal()));
    largest = std::max(largest, std::abs(static_cast<double>(state.weight.back())));
  }
  state.weights = {9, largest / 255};
  state.input = {9, 1.0 / 255};
  state.output_range =
      1.5 * std::sqrt(shape.channels_in / shape.groups * shape.kernel * shape.kernel);
  hw::HardwareConfig hardware;
  hardware.dac.bits = shape.dac_bits;
  hardware.device.levels = 1 << shape.cell_bits;
  hardware.adc.accuracy_bits = 6;
  return prepare_crossbar_layer(trained, 0, hardware, mode);
}

void run_layer(benchmark::State& state, const Shape& shape, Isa isa, AdcMode mode, int threads) {
  const CrossbarLayer layer = make_layer(shape, mode);
  const auto kernel = make_crossbar_kernel(layer, isa);
  const int images = isa == Isa::kReference ? 1 : 8;  // of one thread
  const auto input_size = static_cast<std::size_t>(shape.channels_in * shape.size * shape.size);
  const auto output_size = static_cast<std::size_t>(shape.channels_out * shape.size * shape.size);
  const auto total = static_cast<std::size_t>(images * threads);
  std::vector<float> input(input_size * total);
  std::vector<float> output(output_size * total);
  base::Rng rng(2);
  for (float& value : input) value = static_cast<float>(std::clamp(0.5 * rng.normal(), 0.0, 1.0));
  for (auto unused : state) {
    base::parallel_for(static_cast<std::size_t>(threads), threads, [&](std::size_t part) {
      const std::size_t first = part * static_cast<std::size_t>(images);
      kernel->run(input.data() + first * input_size, images, output.data() + first * output_size);
    });
    benchmark::DoNotOptimize(output.data());
  }
  const double macs = static_cast<double>(output_size) * shape.channels_in / shape.groups *
                      shape.kernel * shape.kernel * layer.cycles * layer.parts;
  state.counters["GMAC/s"] = benchmark::Counter(macs * static_cast<double>(total) * 1e-9,
                                                benchmark::Counter::kIsIterationInvariantRate);
}

/// Byte products of four full tiles in turn, 16 x 16 x 64 of them each.
void multiply_tiles(int rounds) {
#if defined(__x86_64__)
  const AmxConfig config = amx_config(kAmxRows, kAmxRows);
  __asm__ volatile("ldtilecfg %0" : : "m"(config));
  for (int round = 0; round < rounds; ++round) {
    __asm__ volatile(
        "tdpbsud %tmm5, %tmm4, %tmm0\n\ttdpbsud %tmm6, %tmm4, %tmm1\n\t"
        "tdpbsud %tmm5, %tmm4, %tmm2\n\ttdpbsud %tmm6, %tmm4, %tmm3");
  }
  __asm__ volatile("tilerelease");
#endif
}

#if defined(__x86_64__)
#include "gibbon/sim/crossbar/amx_registers.inc"

/// Two registers that are loaded, one of them before each product, and kSum... of sums.
template <int... kSum>
void multiply_loaded(const std::uint8_t* tiles, int rounds, std::integer_sequence<int, kSum...>) {
  constexpr std::ptrdiff_t kRow = kAmxRowBytes;
  AmxRegisters registers;
  registers.configure(amx_config(kAmxRows, kAmxRows));
  for (int round = 0; round < rounds; ++round) {
    registers.load<6>(tiles, kRow);
    const auto product = [&]<int kTile>(std::integral_constant<int, kTile>) {
      registers.load<7>(tiles + (kTile + 1) * kAmxRows * kRow, kRow);
      __asm__ volatile("tdpbsud %%tmm7, %%tmm6, %%tmm%c0" : : "i"(kTile));
    };
    (product(std::integral_constant<int, kSum>()), ...);
  }
  registers.release();
}
#endif

template <int kSums>
void run_amx_in_use(benchmark::State& state) {
  constexpr int kRounds = 200'000;
#if defined(__x86_64__)
  alignas(kAmxRowBytes) static const std::array<std::uint8_t, kAmxTiles * kAmxRows * kAmxRowBytes>
      tiles{};
  for (auto unused : state) {
    multiply_loaded(tiles.data(), kRounds, std::make_integer_sequence<int, kSums>());
  }
#endif
  state.counters["products/s"] = benchmark::Counter(static_cast<double>(kSums) * kRounds,
                                                    benchmark::Counter::kIsIterationInvariantRate);
}

template <int... kSums>
void register_amx_in_use(std::integer_sequence<int, kSums...>) {
  (benchmark::RegisterBenchmark(("amx_in_use/registers:" + std::to_string(kSums + 3)).c_str(),
                                &run_amx_in_use<kSums + 1>),
   ...);
}

/// Runs long at once: short measurements on shared cores read half of the rate.
void run_amx_peak(benchmark::State& state, int threads) {
  constexpr int kRounds = 2'000'000;
  for (auto unused : state) {
    base::parallel_for(static_cast<std::size_t>(threads), threads,
                       [](std::size_t) { multiply_tiles(kRounds); });
  }
  const double macs = 4.0 * kAmxRows * kAmxPixels * kAmxRowBytes * kRounds * threads;
  state.counters["GMAC/s"] =
      benchmark::Counter(macs * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void register_benchmarks() {
  constexpr int kMostSums = 6;
  if (amx_available()) register_amx_in_use(std::make_integer_sequence<int, kMostSums>());
  for (const int threads : {1, 2}) {
    if (!amx_available()) break;
    benchmark::RegisterBenchmark(("amx_peak/threads:" + std::to_string(threads)).c_str(),
                                 [=](benchmark::State& state) { run_amx_peak(state, threads); })
        ->UseRealTime();
  }
  for (const Shape& shape : kShapes) {
    for (const Isa isa : available_isas()) {
      for (const int threads : {1, 2}) {
        if (isa == Isa::kReference && threads > 1) continue;
        for (const auto& [mode, mode_label] :
             {std::pair{AdcMode::kScale, "scale"}, {AdcMode::kFix, "fix"}}) {
          if (mode == AdcMode::kFix && (isa != available_isas().front() || threads > 1)) continue;
          const std::string name = std::string(shape.name) + "/" + std::string(isa_name(isa)) +
                                   "/" + mode_label + "/threads:" + std::to_string(threads);
          benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
            run_layer(state, shape, isa, mode, threads);
          })->UseRealTime();
        }
      }
    }
  }
}

}  // namespace
}  // namespace gibbon::sim

int main(int argc, char** argv) {
  gibbon::sim::register_benchmarks();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
