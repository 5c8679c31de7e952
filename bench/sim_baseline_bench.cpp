// The accuracy simulation beside MNSIM's way of computing it (crossbar_torch.hpp) in one process,
// on the same networks, images and threads: 9-bit weights and activations, 1-bit DACs and cells,
// 6-bit ADCs, SCALE mode. The outputs of all layers are compared first; a single different one is
// an error. Then the time of an image of either, best of the repetitions, and their ratio; the same
// of the processor's time, which other programs on the machine change less.
//   gibbon_sim_baseline_bench [--images N] [--baseline-images N] [--threads N] [--isa NAME]
//                             [--repetitions N] [--keep-memory] [--check] [--write FOLDER]
//                             [Google Benchmark's options]
// --keep-memory lets malloc keep what tensors of 32 MiB and more return, --check compares and
// measures nothing, --write writes the networks as FOLDER/NAME.gibbon and does nothing else.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstring>
#include <ctime>
#include <limits>
#include <map>
#include <string>

#include "crossbar_torch.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/hw/component_library.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/inference/network_runner.hpp"
#include "random_network.hpp"

namespace {

using namespace gibbon;

constexpr const char* kNetworks[] = {"vgg8-cifar10", "resnet18-cifar10"};

struct Arguments {
  int images = 64;
  int baseline_images = 8;
  int threads = 2;
  int repetitions = 3;
  sim::Isa isa = sim::Isa::kAuto;
  bool keep_memory = false;
  bool check_only = false;
  std::string folder;  ///< --write
};

hw::HardwareConfig hardware_of_the_benchmark() {
  hw::HardwareConfig hardware;
  hardware.crossbar.rows = hardware.crossbar.columns = hardware.crossbar.subarray_rows = 256;
  hardware.dac = hw::dac_preset(1);
  hardware.adc.accuracy_bits = 6;
  return hardware;
}

sim::AccuracyOptions options_of(const Arguments& arguments) {
  sim::AccuracyOptions options;
  options.threads = arguments.threads;
  options.isa = arguments.isa;
  return options;
}

/// malloc as MNSIM's users may set it (MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_).
void keep_memory() {
  constexpr int kLarge = 1 << 30;
  if (mallopt(M_MMAP_THRESHOLD, kLarge) == 0 || mallopt(M_TRIM_THRESHOLD, kLarge) == 0) {
    throw base::Error("malloc does not take a threshold of 1 GiB");
  }
}

/// Different outputs of all layers, and how many there are; the logits of the simulator are those
/// of the last layer.
void compare(const std::string& name, const Arguments& arguments) {
  const nn::TrainedNetwork trained = bench::random_network(name, 1);
  const hw::HardwareConfig hardware = hardware_of_the_benchmark();
  const int images = std::min(arguments.baseline_images, 8);
  const data::ImageBatch batch = bench::random_images(trained.network.input(), images, 2);
  const auto theirs = bench::TorchCrossbars(trained, hardware).run(batch.pixels, images, true);

  long outputs = 0;
  long different = 0;
  std::string worst;
  const auto count = [&](const std::string& layer, const std::vector<float>& ours,
                         const std::vector<float>& expected) {
    if (ours.size() != expected.size()) throw base::Error(layer + ": outputs differ in number");
    long here = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) here += ours[i] != expected[i];
    if (here > 0 && different == 0) worst = layer;
    outputs += static_cast<long>(ours.size());
    different += here;
  };
  const sim::NetworkRunner runner(trained, hardware, options_of(arguments));
  sim::Tensor input(images, trained.network.input());
  input.values = batch.pixels;
  runner.run(input, [&](std::size_t index, const sim::Tensor& output) {
    count(trained.network.layers()[index].name, output.values, theirs[index]);
  });
  count("logits",
        sim::make_accuracy_simulator(trained, hardware, options_of(arguments))->logits(batch),
        theirs.back());
  fmt::print("{}: {} of {} outputs differ ({} images)\n", name, different, outputs, images);
  if (different > 0) throw base::Error(name + ": first different layer: " + worst);
}

/// Seconds by the clock and of the processor, all threads together.
struct Spent {
  double wall = std::numeric_limits<double>::infinity();
  double cpu = wall;

  void keep_least(const Spent& other, int images) {
    wall = std::min(wall, other.wall / images);
    cpu = std::min(cpu, other.cpu / images);
  }
};

template <typename Work>
Spent time_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC};
}

void measure(benchmark::State& state, const std::string& name, const Arguments& arguments) {
  const nn::TrainedNetwork trained = bench::random_network(name, 1);
  const hw::HardwareConfig hardware = hardware_of_the_benchmark();
  const bench::TorchCrossbars baseline(trained, hardware);
  const auto simulator = sim::make_accuracy_simulator(trained, hardware, options_of(arguments));
  const auto few = bench::random_images(trained.network.input(), arguments.baseline_images, 2);
  const auto many = bench::random_images(trained.network.input(), arguments.images, 2);
  Spent theirs;
  Spent ours;
  for (auto unused : state) {
    theirs.keep_least(
        time_of([&] { benchmark::DoNotOptimize(baseline.run(few.pixels, few.count, false)); }),
        few.count);
    const Spent spent = time_of([&] { benchmark::DoNotOptimize(simulator->logits(many)); });
    ours.keep_least(spent, many.count);
    state.SetIterationTime(spent.wall);
  }
  state.counters["baseline_ms_per_image"] = theirs.wall * 1e3;
  state.counters["ours_ms_per_image"] = ours.wall * 1e3;
  state.counters["ratio"] = theirs.wall / ours.wall;
  state.counters["baseline_cpu_ms_per_image"] = theirs.cpu * 1e3;
  state.counters["ours_cpu_ms_per_image"] = ours.cpu * 1e3;
  state.counters["cpu_ratio"] = theirs.cpu / ours.cpu;
}

sim::Isa isa_from(const std::string& name) {
  for (const sim::Isa isa :
       {sim::Isa::kAuto, sim::Isa::kScalar, sim::Isa::kAvx2, sim::Isa::kAvx512Vnni,
        sim::Isa::kAvx512Popcnt, sim::Isa::kAmx, sim::Isa::kReference}) {
    if (sim::isa_name(isa) == name) return isa;
  }
  throw base::Error("no instruction set " + name);
}

/// Takes our options out of argv.
Arguments parse(int& argc, char** argv) {
  Arguments arguments;
  const std::map<std::string, int*> numbers = {{"--images", &arguments.images},
                                               {"--baseline-images", &arguments.baseline_images},
                                               {"--threads", &arguments.threads},
                                               {"--repetitions", &arguments.repetitions}};
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto number = numbers.find(option);
    const bool has_value = number != numbers.end() || option == "--isa" || option == "--write";
    if (has_value && i + 1 == argc) throw base::Error(option + " needs a value");
    if (number != numbers.end()) {
      *number->second = std::stoi(argv[++i]);
      if (*number->second < 1) throw base::Error(option + " must be at least 1");
    } else if (option == "--isa") {
      arguments.isa = isa_from(argv[++i]);
    } else if (option == "--write") {
      arguments.folder = argv[++i];
    } else if (option == "--keep-memory") {
      arguments.keep_memory = true;
    } else if (option == "--check") {
      arguments.check_only = true;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return arguments;
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments arguments = parse(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  if (!arguments.folder.empty()) {
    for (const std::string name : kNetworks) {
      nn::save(bench::random_network(name, 1), arguments.folder + "/" + name + ".gibbon");
    }
    return 0;
  }
  if (arguments.keep_memory) keep_memory();
  bench::TorchCrossbars::set_threads(arguments.threads);
  for (const char* name : kNetworks) compare(name, arguments);
  if (arguments.check_only) return 0;
  for (const char* name : kNetworks) {
    benchmark::RegisterBenchmark(
        fmt::format("{}/threads:{}", name, arguments.threads).c_str(),
        [name, &arguments](benchmark::State& state) { measure(state, name, arguments); })
        ->UseManualTime()
        ->Iterations(arguments.repetitions)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
