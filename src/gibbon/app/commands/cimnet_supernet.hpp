#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "gibbon/app/commands/result_folder.hpp"
#include "gibbon/base/progress.hpp"
#include "gibbon/data/dataset.hpp"
#include "gibbon/space/spaces/cimnet.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::app {

struct CimnetTraining {
  train::TrainOptions options;
  std::int64_t steps = 0;
  int screening_images = 0;  ///< of the training images; the supernet does not see them
  int judging_images = 0;    ///< likewise, others
  int calibration_images = 256;
};

/// The shared weights of a space's networks and how accurate its networks are with them. Trains and
/// measures what its folder does not hold yet: supernet.pt, accuracies.json (by network, as
/// space::to_text writes it), minutes.json. Accuracies are Top-1 percent of quantised networks; a
/// digital array computes just that. Errors are base::Error, also "stopped; ..." once a stop was
/// asked for. Keeps references to the space, the images' test split, and the progress. Once it is
/// trained, several threads may ask for accuracies at a time.
class CimnetSupernet {
 public:
  CimnetSupernet(const space::CimnetSpace& space, const data::Dataset& dataset,
                 CimnetTraining training, ResultFolder folder, base::Progress& progress);

  /// Trains the steps that are missing; before any accuracy.
  void train();
  /// With the shared weights, on the held-out screening images.
  double screening_accuracy(const space::Genome& network, int threads);
  /// The same on the held-out judging images.
  double judging_accuracy(const space::Genome& network, int threads);
  /// The same on all test images.
  double test_accuracy(const space::Genome& network, int threads);
  /// On all test images, after so many more epochs alone on the training images. More than 0.
  double fine_tuned_accuracy(const space::Genome& network, double epochs, int threads,
                             base::Progress& progress);

  int screening_images() const { return screening_.count(); }
  int judging_images() const { return judging_.count(); }
  std::int64_t steps() const { return training_.steps; }
  /// What was spent on the folder so far, by "supernet", "accuracies" and "fine-tuning"; work on a
  /// part of the training's threads counts as that part of its time.
  double minutes(const std::string& what) const;

 private:
  template <typename Measure>
  double known_or(const std::string& kind, const space::Genome& network, const std::string& what,
                  int threads, const Measure& measure);
  template <typename Work>
  void timed(const std::string& what, int threads, const Work& work);
  double one_shot_accuracy(const std::string& kind, const space::Genome& network,
                           const data::ImageSet& images, int threads);
  nn::TrainedNetwork extract(const space::Genome& network, int threads) const;

  const space::CimnetSpace& space_;
  const data::ImageSet& test_;
  CimnetTraining training_;
  ResultFolder folder_;
  base::Progress& progress_;
  data::ImageSet train_;
  data::ImageSet screening_;
  data::ImageSet judging_;
  data::ImageSet calibration_;
  std::unique_ptr<train::Supernet> supernet_;
  std::mutex mutex_;  ///< of the rest
  base::Json accuracies_;
  base::Json minutes_;
};

}  // namespace gibbon::app
