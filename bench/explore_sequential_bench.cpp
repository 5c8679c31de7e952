// How many test images the sequential test needs on the designs of a search: the last 50 feasible
// evaluations of a finished run, with the weights of its supernet.
//   gibbon_explore_sequential_bench RUN_FOLDER [HALF_WIDTH_POINTS]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/run_inputs.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/sequential_accuracy.hpp"
#include "gibbon/store/run_folder.hpp"
#include "gibbon/train/supernet.hpp"

namespace {

using namespace gibbon;

constexpr std::size_t kDesigns = 50;

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

void measure(const std::string& path, double half_width) {
  const store::RunFolder folder(path, store::OpenMode::kReadOnly);
  const auto store = folder.open_store();
  const explore::RunConfig config = app::load_run_config(folder.config());
  const app::RunInputs inputs = app::load_run_inputs(config);
  const auto checkpoint = store->get("checkpoint");
  if (!checkpoint) throw base::Error(path + ": no iteration of the search is finished");

  const auto supernet =
      train::make_supernet(inputs.space->largest_network(), explore::supernet_options(config));
  supernet->load(folder.checkpoints() / checkpoint->at("supernet").get<std::string>());
  std::vector<int> first(static_cast<std::size_t>(config.supernet.calibration_images));
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<int>(i);
  const data::ImageSet calibration = inputs.dataset.train.select(first);

  std::vector<int> images;
  for (const space::Genome& genome : last_designs(*store)) {
    const space::Design design = inputs.space->decode(genome).value();
    const nn::TrainedNetwork trained = supernet->extract(design.network, calibration);
    sim::AccuracyOptions options = explore::accuracy_options(config);
    const auto simulated = sim::make_accuracy_simulator(trained, design.hardware, options);
    options.mode = sim::AdcMode::kIdeal;
    const auto ideal = sim::make_accuracy_simulator(trained, design.hardware, options);
    sim::SequentialOptions test;
    test.half_width_points = half_width;
    const sim::SequentialResult result =
        sim::measure_until(*simulated, *ideal, inputs.dataset.test, test);
    images.push_back(result.counts.images);
    fmt::print("{}  {:5} images  {:+.2f} points  {:.2f} % differ\n", space::to_text(genome),
               result.counts.images, 100 * result.counts.difference(),
               100.0 * (result.counts.gained + result.counts.lost) / result.counts.images);
    std::fflush(stdout);
  }
  if (images.empty()) throw base::Error(path + ": the run has no feasible design");
  std::sort(images.begin(), images.end());
  fmt::print("{} designs, +-{} points: median {} of {} images\n", images.size(), half_width,
             images[images.size() / 2], inputs.dataset.test.count());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2 || argc > 3) throw base::Error("usage: RUN_FOLDER [HALF_WIDTH_POINTS]");
  measure(argv[1], argc == 3 ? std::stod(argv[2]) : 0.5);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
