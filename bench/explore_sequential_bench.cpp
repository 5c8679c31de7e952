// How many test images the sequential test puts on crossbars for the designs of a search, and how
// often its interval holds the true difference: the last 50 feasible designs of a finished run,
// with the weights of its supernet, 100 orders of the images each.
//   gibbon_explore_sequential_bench RUN_FOLDER LOGITS_FOLDER [HALF_WIDTH_POINTS]
// All images of every design go through the crossbars once; the logits are kept in LOGITS_FOLDER,
// from which a second start takes them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/run_inputs.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/sequential_accuracy.hpp"
#include "gibbon/store/run_folder.hpp"
#include "gibbon/train/supernet.hpp"

namespace {

using namespace gibbon;

constexpr std::size_t kDesigns = 50;
constexpr int kOrders = 100;

/// Logits of all images: [images, classes].
struct StoredLogits {
  std::vector<float> ideal;
  std::vector<float> simulated;
};

/// Gives stored logits; an image is its number, in three pixels.
class StoredSimulator final : public sim::AccuracySimulator {
 public:
  StoredSimulator(const std::vector<float>& logits, int images)
      : logits_(logits), classes_(static_cast<long>(logits.size()) / images) {}
  std::vector<float> logits(const data::ImageBatch& batch) const override {
    std::vector<float> result;
    for (int i = 0; i < batch.count; ++i) {
      long number = 0;
      for (int p = 0; p < 3; ++p) {
        number =
            number * 256 + std::lround(batch.pixels[static_cast<std::size_t>(3 * i + p)] * 255);
      }
      const auto first = logits_.begin() + number * classes_;
      result.insert(result.end(), first, first + classes_);
    }
    return result;
  }

 private:
  const std::vector<float>& logits_;
  long classes_;
};

data::ImageSet numbered_images(const data::ImageSet& test) {
  data::ImageSet images{3, 1, 1, {}, test.labels};
  for (int i = 0; i < test.count(); ++i) {
    for (const int shift : {16, 8, 0}) {
      images.pixels.push_back(static_cast<std::uint8_t>(i >> shift & 0xff));
    }
  }
  return images;
}

/// The genomes of the run's last designs, each once.
std::vector<space::Genome> last_designs(const store::RunStore& store) {
  std::vector<space::Genome> genomes;
  const std::vector<store::StoredEvaluation> stored = store.evaluations();
  for (auto it = stored.rbegin(); it != stored.rend() && genomes.size() < kDesigns; ++it) {
    const space::Genome& genome = it->evaluation.genome;
    const bool is_new = std::find(genomes.begin(), genomes.end(), genome) == genomes.end();
    if (it->evaluation.feasible() && is_new) genomes.push_back(genome);
  }
  return genomes;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}
std::vector<float> values_of(const std::string& bytes) {
  const auto* first = reinterpret_cast<const float*>(bytes.data());
  return {first, first + bytes.size() / sizeof(float)};
}

std::vector<float> all_logits(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                              const sim::AccuracyOptions& options, const data::ImageSet& images) {
  constexpr int kBatch = 512;
  const auto simulator = sim::make_accuracy_simulator(trained, hardware, options);
  std::vector<float> result;
  for (int first = 0; first < images.count(); first += kBatch) {
    const int count = std::min(kBatch, images.count() - first);
    const std::vector<float> part = simulator->logits(data::make_batch(images, first, count));
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

/// The designs of a run, their networks and what these answer.
class Run {
 public:
  Run(const std::string& path, std::filesystem::path logits)
      : folder_(path, store::OpenMode::kReadOnly),
        config_(app::load_run_config(folder_.config())),
        inputs_(app::load_run_inputs(config_)),
        logits_(std::move(logits)) {
    const auto store = folder_.open_store();
    designs_ = last_designs(*store);
    const auto checkpoint = store->get("checkpoint");
    if (!checkpoint) throw base::Error(path + ": no iteration of the search is finished");
    supernet_ =
        train::make_supernet(inputs_.space->largest_network(), explore::supernet_options(config_));
    supernet_->load(folder_.checkpoints() / checkpoint->at("supernet").get<std::string>());
    std::filesystem::create_directories(logits_);
  }

  const std::vector<space::Genome>& designs() const { return designs_; }
  const data::ImageSet& images() const { return inputs_.dataset.test; }

  StoredLogits logits(const space::Genome& genome) {
    const std::filesystem::path ideal = logits_ / (space::to_text(genome) + ".ideal");
    const std::filesystem::path simulated = logits_ / (space::to_text(genome) + ".crossbars");
    if (!std::filesystem::exists(simulated)) compute(genome, ideal, simulated);
    return {values_of(base::read_file(ideal)), values_of(base::read_file(simulated))};
  }

 private:
  void compute(const space::Genome& genome, const std::filesystem::path& ideal,
               const std::filesystem::path& simulated) {
    std::vector<int> first(static_cast<std::size_t>(config_.supernet.calibration_images));
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<int>(i);
    const space::Design design = inputs_.space->decode(genome).value();
    const nn::TrainedNetwork trained =
        supernet_->extract(design.network, inputs_.dataset.train.select(first), config_.threads);
    sim::AccuracyOptions options = explore::accuracy_options(config_);
    const std::string here = bytes_of(all_logits(trained, design.hardware, options, images()));
    options.mode = sim::AdcMode::kIdeal;
    const std::string there = bytes_of(all_logits(trained, design.hardware, options, images()));
    base::write_file_atomically(ideal, there);
    base::write_file_atomically(simulated, here);
  }

  store::RunFolder folder_;
  explore::RunConfig config_;
  app::RunInputs inputs_;
  std::unique_ptr<train::Supernet> supernet_;
  std::filesystem::path logits_;
  std::vector<space::Genome> designs_;
};

int median(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Outcome {
  double changed_percent = 0;
  double difference = 0;
  double coverage = 0;
  int images = 0;  ///< median of the orders
};

Outcome test_design(const StoredLogits& logits, const data::ImageSet& images, double half_width) {
  const StoredSimulator simulated(logits.simulated, images.count());
  const StoredSimulator ideal(logits.ideal, images.count());
  sim::SequentialOptions options;
  options.half_width_points = 1e-9;  // all images: the difference is exact
  const sim::SequentialResult exact = sim::measure_until(simulated, ideal, images, options);
  options.half_width_points = half_width;
  Outcome outcome;
  outcome.difference = exact.difference;
  outcome.changed_percent = 100.0 * (exact.gained + exact.lost) / images.count();
  std::vector<int> used;
  for (int order = 0; order < kOrders; ++order) {
    options.seed = static_cast<std::uint64_t>(order + 1);
    const sim::SequentialResult result = sim::measure_until(simulated, ideal, images, options);
    const double error = std::abs(result.difference - exact.difference);
    outcome.coverage += error <= result.half_width + 1e-12 ? 1.0 / kOrders : 0;
    used.push_back(result.images);
  }
  outcome.images = median(used);
  return outcome;
}

void measure(const std::string& path, const std::string& logits, double half_width) {
  Run run(path, logits);
  const data::ImageSet images = numbered_images(run.images());
  std::vector<int> used;
  double coverage = 0;
  for (const space::Genome& genome : run.designs()) {
    const Outcome outcome = test_design(run.logits(genome), images, half_width);
    fmt::print("{}  {:5} images  {:+6.2f} points  {:5.2f} % changed  {:5.1f} % covered\n",
               space::to_text(genome), outcome.images, 100 * outcome.difference,
               outcome.changed_percent, 100 * outcome.coverage);
    std::fflush(stdout);
    used.push_back(outcome.images);
    coverage += outcome.coverage;
  }
  if (used.empty()) throw base::Error(path + ": the run has no feasible design");
  fmt::print("{} designs, +-{} points: median {} of {} images on crossbars, {:.1f} % covered\n",
             used.size(), half_width, median(used), images.count(),
             100 * coverage / static_cast<double>(used.size()));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3 || argc > 4) {
    throw base::Error("usage: RUN_FOLDER LOGITS_FOLDER [HALF_WIDTH_POINTS]");
  }
  measure(argv[1], argv[2], argc == 4 ? std::stod(argv[3]) : 0.5);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
