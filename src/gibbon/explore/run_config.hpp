#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::explore {

/// The images of a run. The training split is divided into a part that trains and a validation part
/// that scores designs; the test split is not touched before the final designs are chosen.
struct DataConfig {
  std::string dataset = "fashion-mnist";  ///< a name that `gibbon data list` prints
  std::filesystem::path directory;        ///< absolute; empty: where the dataset's package puts it
  int image_size = 0;  ///< side that the pictures of image-folder are brought to; 0: as they are
  int validation_images = 5000;  ///< taken out of the training split, classes balanced
  int train_images = 0;          ///< training images kept after the split; 0: all of them
  int crop_padding = 2;          ///< random crop: pixels on each side before the crop; 0: no crop
  std::string padding = "zero";  ///< what these hold: data::PaddingMode
  std::string flip = "true";     ///< mirror left and right: data::Mirroring
  int cutout = 0;                ///< edge of the square set to zero, pixels; 0: none
};

/// What the search is after: the strings of space::Objective, space::metric_from and
/// space::constraint_from, which check them.
struct ObjectiveConfig {
  std::string name =
      "pareto";  ///< pareto, or the target of the weighted reward: accuracy, edp, ...
  std::vector<std::string> metrics = {"accuracy", "edp", "area"};  ///< objectives of "pareto"
  std::vector<std::string> constraints;                            ///< "area_mm2 <= 20"
};

/// The shared weights that give each design its accuracy.
struct SupernetConfig {
  std::int64_t steps = 2000;             ///< gradient steps before the search begins
  std::int64_t steps_per_iteration = 0;  ///< further steps before each iteration; 0: none
  int batch_size = 128;                  ///< images a step
  double learning_rate = 0.2;            ///< peak of a one-cycle schedule over all steps of the run
  double muon_rate = 0;                  ///< train::TrainOptions'; 0: gradient descent alone
  double weight_decay = 5e-4;            ///< L2, on the weights only
  double label_smoothing = 0.1;          ///< probability spread over all classes, 0 to below 1
  int calibration_images = 512;          ///< training images for batch norm and output ranges
  std::string precision = "auto";        ///< auto, float32, bfloat16: train::Precision
  std::string paths = "random";  ///< random: uniform over the space; largest, sandwich: between
                                 ///< them the largest network, or this and the smallest; search:
                                 ///< the designs that the searcher holds, once there are any
  train::SmallCrops small_crops;
  /// One-shot accuracies are measured beside the noise of each design's converters, in closed form
  /// (sim/converter_noise.hpp): nearer to the simulated ones where converters have few bits.
  bool one_shot_noise = false;
  std::filesystem::path start;  ///< trained network of the largest's shape; empty: random weights
};

/// The loop that proposes and evaluates designs.
struct SearchConfig {
  std::string searcher = "esapp";  ///< a name that `gibbon list searchers` prints
  int iterations = 20;             ///< rounds of ask, evaluate, tell after the initial designs
  int designs_per_iteration = 16;  ///< designs simulated in each round
  int initial_designs = 32;        ///< simulated first: random, and the largest of each target
  base::Json settings = base::Json::object();  ///< options of this searcher, which checks them
};

/// The model that screens designs before any is simulated.
struct PredictorConfig {
  bool enabled = true;
  std::string model = "lstm";   ///< a name that `gibbon list predictors` prints
  int hidden = 64;              ///< width of the recurrent state
  int epochs = 60;              ///< passes over the evaluations, at each fit
  double learning_rate = 3e-3;  ///< of the predictor's optimiser
  std::string hardware =
      "exact";             ///< exact: cost model; predicted: the predictor (as the paper did)
  bool difference = true;  ///< predict simulated minus one-shot accuracy, not the accuracy
};

/// How a design is evaluated.
struct SimulationConfig {
  std::string model = "mnsim2";    ///< cost model: a name that `gibbon list simulators` prints
  std::string adc_mode = "scale";  ///< scale, fix, ideal: sim::AdcMode
  int images = 1000;               ///< validation images a design of the search; the final designs
                                   ///< see all data.validation_images
  /// Chips with devices of their own, drawn from the run's seed, on which each design is scored; 0:
  /// ideal devices. Its accuracy is their mean less `deviations` standard deviations, so that the
  /// search prefers designs that few chips ruin.
  int draws = 0;
  double deviations = 1;
  /// Training images, at most SupernetConfig::calibration_images, on which each design is fitted to
  /// its chip before it is scored, as the final designs are (decision 0006); 0: none, so that
  /// converters of few bits cost more than they must.
  int fit_images = 0;
  std::string isa = "auto";  ///< auto, scalar, avx2, avx512vnni, amx: sim::Isa; same results
};

/// How one design trains where that is not FinalConfig's or DataConfig's way.
struct OwnTraining {
  /// Pixels of the random crop. A network too small to learn its training images by heart learns
  /// less from shifted ones (decision 0008).
  std::optional<int> crop_padding = {};
  std::optional<std::string> padding = {};
  std::optional<int> cutout = {};
  std::optional<double> weight_decay = {};  ///< the longer a training, the less
  std::optional<double> skip_easy = {};
  std::optional<double> plain_share = {};
  std::optional<double> average_share = {};
  std::optional<double> average_rate = {};
  std::optional<double> small_crop_share = {};
};

/// A corner of the front that the user is after.
struct FinalTarget {
  std::vector<std::string> within;  ///< "edp_ms_mj <= 0.12": strings of space::constraint_from
  double epochs = 0;                ///< of its design; 0: FinalConfig::epochs
  std::map<std::string, double> genes = {};  ///< what the user decides: {"stages.pool", 2}
  /// For its design in place of FinalConfig::teacher_weight; with 0 it does not wait for the first
  /// design, but trains beside it.
  std::optional<double> teacher_weight = {};
  OwnTraining training = {};
};

/// What happens to the front when the search is over.
struct FinalConfig {
  /// One design each, the most accurate that keeps within the bounds, in front of the others.
  std::vector<FinalTarget> targets;
  /// Points of accuracy within which two designs of a target count as equal in the search, which
  /// under-rates large ones: of the best so many the largest comes first (capacity.hpp).
  double accuracy_margin = 0;
  int candidates = 1;       ///< of a target: its most accurate by the search, each tried for
  double trial_epochs = 1;  ///< so many epochs; the best of them is trained to the end
  /// searched: a target's design keeps the chip that the search gave it; quietest: it gets the one
  /// of least converter noise within the target's bounds (chip_choice.hpp).
  std::string chips = "searched";
  /// front: along the front, spread evenly, where the search saw at least 0.75 of the best
  /// accuracy; best: by each metric.
  std::string choose = "front";
  int designs = 4;                ///< further designs trained on their own; 0: none
  double epochs = 2;              ///< passes over the whole training split, quantisation-aware
  int batch_size = 64;            ///< images a step; small ones learn more in few epochs
  double learning_rate = 0.1;     ///< peak of its one-cycle schedule
  double muon_rate = 0;           ///< train::TrainOptions'; 0: gradient descent alone
  double skip_easy = 0;           ///< train::FinalTrainOptions'; 0: every epoch sees all images
  double plain_share = 0;         ///< train::FinalTrainOptions'; 0: every step shifts its images
  double average_share = 0;       ///< train::FinalTrainOptions'; 0: the last weights are taken
  double average_rate = 0;        ///< train::FinalTrainOptions'
  double weight_decay = 5e-4;     ///< L2, on the weights only
  bool from_supernet = true;      ///< start from the shared weights, not from random ones
  train::SmallCrops small_crops;  ///< of trials too
  double float_share = 0;         ///< of the steps: so long weights of 2 and 3 bits stay float
  /// Of the first design's answers in the losses of the others (train::Distillation); 0: none. The
  /// first target's design comes first: name the one of the largest designs first.
  double teacher_weight = 0;
  double pim_aware_epochs = 0;     ///< of the epochs, the last: crossbars in the forward pass
  std::string pim_pass = "exact";  ///< train::PimPass
  int calibration_images = 256;    ///< training images that fit it to its crossbars; 0: none
  int test_images = 1000;          ///< test images on simulated crossbars; kAllImages: every one
};
/// FinalConfig::test_images for the whole test split ("all" in YAML).
inline constexpr int kAllImages = 1 << 30;

/// A whole run, as the user wrote it with every default filled in. Read once (app/config), never
/// changed after. Values are in range and paths are absolute; names of searchers, metrics and
/// models are checked by the registries that own them.
struct RunConfig {
  std::string name = "run";    ///< for the report's headings
  std::uint64_t seed = 1;      ///< of every random stream of the run
  int threads = 0;             ///< of the simulation and of libtorch; at least 1 once read ("auto")
  std::string device = "cpu";  ///< where networks train: cpu, cuda, cuda:1 (libtorch's names)
  std::filesystem::path space = "compact";  ///< file; a bare name is that of a shipped space
  std::filesystem::path
      hardware;                  ///< base hardware in place of the space's own; empty: the space's
  std::string explore = "both";  ///< which genes are open, the others at the space's defaults:
                                 ///< network, hardware, both (space::Explored)
  std::filesystem::path out = "gibbon-run";  ///< run folder; absolute once read
  DataConfig data;
  ObjectiveConfig objective;
  SupernetConfig supernet;
  SearchConfig search;
  PredictorConfig predictor;
  SimulationConfig simulation;
  FinalConfig final_training;
};

}  // namespace gibbon::explore
