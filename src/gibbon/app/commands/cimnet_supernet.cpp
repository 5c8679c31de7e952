#include "gibbon/app/commands/cimnet_supernet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "gibbon/base/error.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/supernet_paths.hpp"

namespace gibbon::app {

namespace {

constexpr std::int64_t kStepsPerCheckpoint = 250;
constexpr const char* kSupernetFile = "supernet.pt";
constexpr const char* kAccuracies = "accuracies";
constexpr const char* kMinutes = "minutes";

void require_not_stopped(const base::Progress& progress) {
  if (!progress.stop_requested()) return;
  throw base::Error("stopped; the same command goes on from here");
}

}  // namespace

CimnetSupernet::CimnetSupernet(const space::CimnetSpace& space, const data::Dataset& dataset,
                               CimnetTraining training, ResultFolder folder,
                               base::Progress& progress)
    : space_(space),
      test_(dataset.test),
      training_(std::move(training)),
      folder_(std::move(folder)),
      progress_(progress),
      supernet_(train::make_supernet(space.largest_network(), training_.options)),
      accuracies_(folder_.find(kAccuracies).value_or(base::Json::object())),
      minutes_(folder_.find(kMinutes).value_or(base::Json::object())) {
  const std::uint64_t seed = training_.options.seed;
  auto judging = data::split_validation(dataset.train, training_.judging_images, seed);
  auto screening = data::split_validation(judging.train, training_.screening_images, seed);
  train_ = std::move(screening.train);
  screening_ = std::move(screening.validation);
  judging_ = std::move(judging.validation);
  calibration_ = train_.first(training_.calibration_images);
}

void CimnetSupernet::train() {
  const std::filesystem::path file = folder_.file(kSupernetFile);
  if (std::filesystem::exists(file)) supernet_->load(file);
  const train::PathSampler paths = explore::sandwich_paths(space_, training_.options.seed);
  while (supernet_->next_step() < training_.steps) {
    const std::int64_t first = supernet_->next_step();
    const std::int64_t steps = std::min(kStepsPerCheckpoint, training_.steps - first);
    timed("supernet", training_.options.threads, [&] {
      supernet_->train(train_, paths, first, steps, training_.steps, progress_);
      supernet_->save(file);
    });
    require_not_stopped(progress_);
  }
}

template <typename Work>
void CimnetSupernet::timed(const std::string& what, int threads, const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double, std::ratio<60>> passed =
      std::chrono::steady_clock::now() - began;
  const std::lock_guard lock(mutex_);
  minutes_[what] = minutes(what) + passed.count() * threads / training_.options.threads;
  folder_.save(kMinutes, minutes_);
}

template <typename Measure>
double CimnetSupernet::known_or(const std::string& kind, const space::Genome& network,
                                const std::string& what, int threads, const Measure& measure) {
  const std::string name = space::to_text(network);
  {
    const std::lock_guard lock(mutex_);
    if (accuracies_.contains(kind) && accuracies_[kind].contains(name)) {
      return accuracies_[kind][name].get<double>();
    }
  }
  require_not_stopped(progress_);
  double accuracy = 0;
  timed(what, threads, [&] { accuracy = measure(); });
  require_not_stopped(progress_);
  const std::lock_guard lock(mutex_);
  accuracies_[kind][name] = accuracy;
  folder_.save(kAccuracies, accuracies_);
  return accuracy;
}

double CimnetSupernet::one_shot_accuracy(const std::string& kind, const space::Genome& network,
                                         const data::ImageSet& images, int threads) {
  return known_or(kind, network, kAccuracies, threads, [&] {
    return supernet_->one_shot_accuracy(extract(network, threads), images, threads);
  });
}

double CimnetSupernet::screening_accuracy(const space::Genome& network, int threads) {
  return one_shot_accuracy("screening", network, screening_, threads);
}

double CimnetSupernet::judging_accuracy(const space::Genome& network, int threads) {
  return one_shot_accuracy("judging", network, judging_, threads);
}

double CimnetSupernet::test_accuracy(const space::Genome& network, int threads) {
  return one_shot_accuracy("test", network, test_, threads);
}

double CimnetSupernet::fine_tuned_accuracy(const space::Genome& network, double epochs, int threads,
                                           base::Progress& progress) {
  const std::string kind = fmt::format("fine-tuned {:g} epochs", epochs);
  return known_or(kind, network, "fine-tuning", threads, [&] {
    train::FinalTrainOptions options;
    options.base = training_.options;
    options.base.threads = threads;
    options.base.small_crops = {};
    options.epochs = epochs;
    const auto start = extract(network, threads);
    const auto trained = train::train_network(start.network, train_, start, options, progress);
    return train::quantized_accuracy(trained, test_, threads);
  });
}

double CimnetSupernet::minutes(const std::string& what) const {
  return minutes_.value(what, 0.0);
}

nn::TrainedNetwork CimnetSupernet::extract(const space::Genome& network, int threads) const {
  return supernet_->extract(space_.network(network), calibration_, threads);
}

}  // namespace gibbon::app
