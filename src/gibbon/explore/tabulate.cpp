#include "gibbon/explore/tabulate.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/hash.hpp"
#include "gibbon/base/side_by_side.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/run_weights.hpp"
#include "gibbon/explore/shared_design.hpp"
#include "gibbon/space/fingerprint.hpp"
#include "gibbon/store/design_table.hpp"

namespace gibbon::explore {

namespace {

/// Scores designs on images that are chosen once.
class Tabulator {
 public:
  Tabulator(const RunConfig& config, const space::SearchSpace& space, const data::Dataset& dataset,
            const TabulateOptions& options)
      : space_(space),
        config_(config),
        simulator_(sim::make_simulator(config.simulation.model)),
        supernet_(train::make_supernet(space.largest_network(), supernet_options(config))) {
    const data::TrainValidationSplit split =
        data::split_validation(dataset.train, config.data.validation_images, config.seed);
    calibration_ = split.train.first(options.calibration_images);
    one_shot_ = split.validation.first(options.one_shot_images);
    crossbar_ = one_shot_.first(options.crossbar_images);
  }

  void load(const std::filesystem::path& weights) { supernet_->load(weights); }

  bool can_be_built(const space::Genome& genome) const {
    const auto design = space_.decode(genome);
    return design && simulator_->cost(design->network, design->hardware);
  }

  /// `genome` can be built.
  store::TabulatedDesign score(const space::Genome& genome, int threads) const {
    const space::Design design = space_.decode(genome).value();
    store::TabulatedDesign result{
        genome, metrics_of(simulator_->cost(design.network, design.hardware).value())};
    SharedDesign shared(config_, *simulator_, *supernet_, calibration_, design, threads);
    result.metrics[space::Metric::kAccuracy] = shared.accuracy_on_chip(crossbar_);
    result.one_shot_same = shared.one_shot_accuracy(crossbar_);
    const bool same_images = one_shot_.count() == crossbar_.count();
    result.one_shot = same_images ? result.one_shot_same : shared.one_shot_accuracy(one_shot_);
    return result;
  }

 private:
  const space::SearchSpace& space_;
  const RunConfig& config_;
  std::unique_ptr<sim::Simulator> simulator_;
  std::unique_ptr<train::Supernet> supernet_;
  data::ImageSet calibration_;
  data::ImageSet one_shot_;
  data::ImageSet crossbar_;
};

constexpr std::uint64_t kDrawsADesign = 1000;

/// The first so many random designs that can be built, no two alike.
std::vector<space::Genome> drawn_designs(const Tabulator& tabulator,
                                         const space::SearchSpace& space,
                                         const TabulateOptions& options) {
  std::vector<space::Genome> designs;
  space::GenomeSet drawn;
  for (std::uint64_t draw = 0; designs.size() < static_cast<std::size_t>(options.designs); ++draw) {
    base::Rng rng = base::Rng::forked(options.seed, "tabulated design", draw);
    const space::Genome genome = space.sample(rng);
    if (drawn.insert(genome).second && tabulator.can_be_built(genome)) designs.push_back(genome);
    if (draw / kDrawsADesign >= static_cast<std::uint64_t>(options.designs)) {
      throw base::Error(fmt::format(
          "space '{}': {} random draws gave {} designs that can be built, {} are asked for",
          space.name(), draw, designs.size(), options.designs));
    }
  }
  return designs;
}

std::string hash_of_file(const std::filesystem::path& path) {
  return fmt::format("{:016x}", base::hash_of(base::read_file(path)));
}

/// All that decides a row.
base::Json settings_of(const RunConfig& config, const space::SearchSpace& space,
                       const TabulateOptions& options, const std::filesystem::path& weights) {
  return {{"space", space::fingerprint(space)},
          {"weights", hash_of_file(weights)},
          {"model", config.simulation.model},
          {"adc_mode", config.simulation.adc_mode},
          {"run_seed", config.seed},
          {"seed", options.seed},
          {"images", options.one_shot_images},
          {"crossbar_images", options.crossbar_images},
          {"calibration_images", options.calibration_images},
          {"fit_images", config.simulation.fit_images},
          {"one_shot_noise", config.supernet.one_shot_noise}};
}

}  // namespace

Outcome tabulate(const RunConfig& config, const space::SearchSpace& space,
                 const data::Dataset& dataset, const store::RunStore& store,
                 const std::filesystem::path& checkpoints, const TabulateOptions& options,
                 const std::filesystem::path& file, base::Progress& progress) {
  Tabulator tabulator(config, space, dataset, options);
  const std::filesystem::path weights = checkpoints / latest_weights(store);
  tabulator.load(weights);
  const store::DesignTableWriter writer(file, settings_of(config, space, options, weights));
  space::GenomeSet known;
  for (const store::TabulatedDesign& design : store::read_design_table(file)) {
    known.insert(design.genome);
  }
  std::vector<space::Genome> wanted = drawn_designs(tabulator, space, options);
  std::erase_if(wanted, [&](const space::Genome& genome) { return known.contains(genome); });

  base::ProgressUpdate update;
  update.stage = "tabulate";
  update.total = options.designs;
  update.done = options.designs - static_cast<std::int64_t>(wanted.size());
  const auto make = [&](std::size_t index, int threads) {
    return tabulator.score(wanted[index], threads);
  };
  const auto keep = [&](const store::TabulatedDesign& design) {
    writer.append(design);
    ++update.done;
    progress.update(update);
    return !progress.stop_requested();
  };
  base::make_in_order<store::TabulatedDesign>(wanted.size(), config.threads, make, keep);
  return progress.stop_requested() ? Outcome::kStopped : Outcome::kFinished;
}

}  // namespace gibbon::explore
