#include "gibbon/explore/tabulate.hpp"

#include <fmt/format.h>

#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/explore/chip_accuracy.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/run_weights.hpp"
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
    calibration_ = first_images(split.train, options.calibration_images);
    one_shot_ = first_images(split.validation, options.one_shot_images);
    crossbar_ = first_images(one_shot_, options.crossbar_images);
  }

  void load(const std::filesystem::path& weights) { supernet_->load(weights); }

  /// Nothing where the design cannot be built.
  std::optional<store::TabulatedDesign> score(const space::Genome& genome) const {
    const auto design = space_.decode(genome);
    if (!design) return {};
    const auto cost = simulator_->cost(design->network, design->hardware);
    if (!cost) return {};
    store::TabulatedDesign result{genome, metrics_of(*cost)};
    const nn::TrainedNetwork trained =
        supernet_->extract(design->network, calibration_, config_.threads);
    result.metrics[space::Metric::kAccuracy] = chip_accuracy(
        config_, *simulator_, trained, design->hardware, crossbar_, crossbar_.count());
    result.one_shot_same = supernet_->one_shot_accuracy(trained, crossbar_, config_.threads);
    const bool same_images = one_shot_.count() == crossbar_.count();
    result.one_shot = same_images
                          ? result.one_shot_same
                          : supernet_->one_shot_accuracy(trained, one_shot_, config_.threads);
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

}  // namespace

Outcome tabulate(const RunConfig& config, const space::SearchSpace& space,
                 const data::Dataset& dataset, const store::RunStore& store,
                 const std::filesystem::path& checkpoints, const TabulateOptions& options,
                 const std::filesystem::path& file, base::Progress& progress) {
  Tabulator tabulator(config, space, dataset, options);
  tabulator.load(checkpoints / latest_weights(store));
  const store::DesignTableWriter writer(file);
  space::GenomeSet known;
  for (const store::TabulatedDesign& design : store::read_design_table(file)) {
    known.insert(design.genome);
  }

  space::GenomeSet drawn;
  base::ProgressUpdate update;
  update.stage = "tabulate";
  update.total = options.designs;
  for (std::uint64_t draw = 0; update.done < options.designs; ++draw) {
    if (progress.stop_requested()) return Outcome::kStopped;
    base::Rng rng = base::Rng::forked(options.seed, "tabulated design", draw);
    const space::Genome genome = space.sample(rng);
    if (!drawn.insert(genome).second) continue;
    if (!known.contains(genome)) {
      const auto design = tabulator.score(genome);
      if (!design) continue;
      writer.append(*design);
    }
    ++update.done;
    progress.update(update);
  }
  return Outcome::kFinished;
}

}  // namespace gibbon::explore
