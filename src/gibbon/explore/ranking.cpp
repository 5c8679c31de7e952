#include "gibbon/explore/ranking.hpp"

#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/run_weights.hpp"

namespace gibbon::explore {

Ranking::Ranking(const RunConfig& config, const space::SearchSpace& space,
                 const data::Dataset& dataset, const store::RunStore& store,
                 const std::filesystem::path& checkpoints)
    : config_(config),
      space_(space),
      test_(dataset.test),
      train_(split_images(config, dataset).train),
      supernet_(train::make_supernet(space.largest_network(), supernet_options(config))) {
  supernet_->load(checkpoints / latest_weights(store));
}

double Ranking::one_shot(const space::Genome& genome, int threads) const {
  const nn::TrainedNetwork shared =
      supernet_->extract(space_.decode(genome).value().network,
                         train_.first(config_.supernet.calibration_images), threads);
  return supernet_->one_shot_accuracy(shared, test_, threads);
}

std::optional<double> Ranking::alone(const space::Genome& genome, double epochs, int training,
                                     int threads, base::Progress& progress) const {
  const std::uint64_t seed = config_.seed + static_cast<std::uint64_t>(training);
  train::FinalTrainOptions options = final_options(config_, seed ^ space::hash_of(genome));
  options.epochs = epochs;
  options.base.threads = threads;
  const nn::TrainedNetwork trained = train::train_network(space_.decode(genome).value().network,
                                                          train_, std::nullopt, options, progress);
  if (progress.stop_requested()) return std::nullopt;
  return train::quantized_accuracy(trained, test_, threads);
}

}  // namespace gibbon::explore
