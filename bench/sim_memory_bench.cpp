// The largest memory that the accuracy simulation of ResNet-18 takes: resident set of the whole
// process in a batch of 256 images, network and images included. One process a number of threads,
// because the peak of a process never falls.
//   gibbon_sim_memory_bench [--images N] [--threads N] [--limit-mib N]
// Prints one line; exit status 1 where the peak is above the limit (2048 MiB).
#include <fmt/format.h>
#include <sys/resource.h>

#include <map>
#include <string>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "random_network.hpp"

namespace {

using namespace gibbon;

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // KiB on Linux
}

}  // namespace

int main(int argc, char** argv) try {
  int images = 256;
  int threads = 2;
  int limit_mib = 2048;
  const std::map<std::string, int*> numbers = {
      {"--images", &images}, {"--threads", &threads}, {"--limit-mib", &limit_mib}};
  for (int i = 1; i < argc; i += 2) {
    const auto number = numbers.find(argv[i]);
    if (number == numbers.end() || i + 1 == argc) {
      throw base::Error("usage: [--images N] [--threads N] [--limit-mib N]");
    }
    *number->second = std::stoi(argv[i + 1]);
  }
  const nn::TrainedNetwork trained = bench::random_network("resnet18-cifar10", 1);
  const auto batch = bench::random_images(trained.network.input(), images, 2);
  sim::AccuracyOptions options;
  options.threads = threads;
  const auto simulator = sim::make_accuracy_simulator(trained, hw::HardwareConfig(), options);
  const std::vector<float> logits = simulator->logits(batch);
  fmt::print("resnet18-cifar10, {} images, {} threads: peak {:.0f} MiB, limit {} MiB ({} logits)\n",
             images, threads, peak_mib(), limit_mib, logits.size());
  return peak_mib() <= limit_mib ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
