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

std::optional<RankedDesign> Ranking::measure(const space::Genome& genome, double epochs,
                                             int threads, base::Progress& progress) const {
  const nn::Network network = space_.decode(genome).value().network;
  RankedDesign result;
  result.one_shot = supernet_->one_shot_accuracy(
      supernet_->extract(network, train_.first(config_.supernet.calibration_images), threads),
      test_, threads);
  train::FinalTrainOptions options = final_options(config_, config_.seed ^ space::hash_of(genome));
  options.epochs = epochs;
  options.base.threads = threads;
  const nn::TrainedNetwork alone =
      train::train_network(network, train_, std::nullopt, options, progress);
  if (progress.stop_requested()) return std::nullopt;
  result.alone = train::quantized_accuracy(alone, test_, threads);
  return result;
}

}  // namespace gibbon::explore
