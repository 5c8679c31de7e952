#include <fmt/format.h>

#include <memory>
#include <optional>

#include "gibbon/app/choice_option.hpp"
#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/epitome_yaml.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/key_kinds.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/event_progress.hpp"
#include "gibbon/app/images_for.hpp"
#include "gibbon/app/option_check.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::app {

namespace {

train::FinalTrainOptions default_training() {
  train::FinalTrainOptions training;
  training.epochs = 10;
  training.base.augmentation.crop_padding = 4;
  training.base.augmentation.flip = data::Mirroring::kRandom;
  return training;
}

struct TrainArguments {
  std::string network;
  std::string hardware;
  std::string dataset = "fashion-mnist";
  std::string data;
  std::string out;
  std::string start;
  train::FinalTrainOptions training = default_training();  ///< what options say of it directly
  std::optional<double> pim_aware_epochs;
  std::string pim_pass = "exact";
  std::string teacher;  ///< file; empty: labels alone
  std::optional<double> teacher_weight;
  std::string tensorboard;  ///< folder; empty: no curves
  int images = 1 << 30;
  std::string epitome;  ///< rule or file; empty: the network as it is
  std::string epitome_scale = "layer";
  bool single_precision = false;
};

constexpr const char* kCrossbarsOfEpitomes = "mnsim-default";  ///< where no hardware is given

/// The network with the epitomes that are asked for.
nn::Network network_of(const TrainArguments& arguments, const hw::HardwareConfig& hardware) {
  nn::Network network = load_network(locate(PresetKind::kNetworks, arguments.network));
  if (arguments.epitome.empty()) return network;
  return sim::stored_network(network, load_storage(arguments.epitome, network, hardware), hardware);
}

train::FinalTrainOptions options_of(const TrainArguments& arguments,
                                    const hw::HardwareConfig& crossbars,
                                    const GlobalOptions& global) {
  train::FinalTrainOptions options = arguments.training;
  options.base.seed = global.seed.value_or(1);
  options.base.threads = global.thread_count();
  options.base.epitome_scales.per_crossbar = arguments.epitome_scale == "crossbar";
  options.base.epitome_scales.crossbar_rows = crossbars.crossbar.rows;
  options.base.epitome_scales.crossbar_columns = crossbars.crossbar.columns;
  options.quantization_aware = !arguments.single_precision;
  if (arguments.pim_aware_epochs) {
    options.pim = train::PimTraining{.hardware = crossbars, .accuracy = {}};
    options.pim->epochs = *arguments.pim_aware_epochs;
    options.pim->pass = train::pim_pass_of(arguments.pim_pass);
  }
  if (!arguments.teacher.empty()) {
    options.distillation = train::Distillation{.teacher = nn::load_trained_file(arguments.teacher)};
    options.distillation->weight = arguments.teacher_weight.value_or(options.distillation->weight);
  }
  return options;
}

int train(const TrainArguments& arguments, const GlobalOptions& global) {
  if (arguments.epitome_scale == "crossbar" && !arguments.hardware.empty()) {
    throw base::Error(
        "--epitome-scale crossbar: the crossbar simulation that --hardware asks for knows one "
        "scale a layer");
  }
  const hw::HardwareConfig crossbars = load_hardware(
      locate(PresetKind::kHardware,
             arguments.hardware.empty() ? std::string(kCrossbarsOfEpitomes) : arguments.hardware));
  const nn::Network network = network_of(arguments, crossbars);
  const data::Dataset dataset =
      data::load_dataset(arguments.dataset, arguments.data,
                         images_for(network.input(), arguments.dataset, global.thread_count()));
  const train::FinalTrainOptions training = options_of(arguments, crossbars, global);
  std::optional<nn::TrainedNetwork> start;
  if (!arguments.start.empty()) start = nn::load_trained_file(arguments.start);

  base::require_writable(arguments.out);

  nn::TrainedNetwork trained{network, {}};
  {
    TerminalProgress terminal(global.quiet || global.json);
    EventProgress progress(terminal,
                           arguments.tensorboard.empty()
                               ? std::nullopt
                               : std::optional<std::filesystem::path>(arguments.tensorboard));
    trained = train::train_network(network, dataset.train, start, training, progress);
    if (progress.stop_requested()) throw base::Error("stopped; nothing was saved");
  }
  nn::save(trained, arguments.out);

  const double quantized = train::quantized_accuracy(trained, dataset.test, global.thread_count());
  base::Json result = {{"model", arguments.out}, {"quantized_accuracy_top1", quantized}};
  const bool simulates = !arguments.hardware.empty();
  if (simulates) {
    sim::AccuracyOptions options;
    options.threads = global.thread_count();
    const auto simulator = sim::make_accuracy_simulator(trained, crossbars, options);
    const auto accuracy = sim::measure_accuracy(*simulator, dataset.test, arguments.images);
    result["accuracy_top1"] = accuracy.top1_percent();
    result["test_images"] = accuracy.images;
  }
  if (global.json) {
    print_json(result);
    return kSuccess;
  }
  fmt::print("quantised accuracy        {:6.2f} %  ({} test images)\n", quantized,
             dataset.test.count());
  if (simulates) {
    fmt::print("simulated PIM accuracy    {:6.2f} %  ({} test images, {})\n",
               result["accuracy_top1"].get<double>(), result["test_images"].get<int>(),
               crossbars.name);
  }
  fmt::print("{}\n", arguments.out);
  return kSuccess;
}

void add_zero_to_one(CLI::App& command, const char* option, double& value, const char* help) {
  command.add_option(option, value, help)->check(CLI::Range(0.0, 1.0));
}

/// How weights learn, and what they see.
void add_training_options(CLI::App& command, train::FinalTrainOptions& training) {
  command.add_option("--epochs", training.epochs, "Passes over the training images")
      ->check(above_zero());
  command.add_option("--batch-size", training.base.batch_size, "Images a step")
      ->check(CLI::Range(1, 65536));
  command
      .add_option("--learning-rate", training.base.learning_rate, "Peak of the one-cycle schedule")
      ->check(above_zero());
  command
      .add_option("--muon-rate", training.base.muon_rate,
                  "Peak for kernels in front of batch norms, which Muon turns; 0: no Muon")
      ->check(CLI::Range(0.0, 0.99));
  command
      .add_option(
          "--skip-easy", training.skip_easy,
          "Of the images whose last loss was below the mean, the share that an epoch leaves "
          "out; as many steps are more epochs")
      ->check(CLI::Range(0.0, train::kMostSkipped));
  add_zero_to_one(command, "--plain-share", training.plain_share,
                  "Of the steps: the last so many see all images, where they are and whole");
  add_zero_to_one(command, "--average-share", training.average_share,
                  "Of the steps: over the last so many the weights' mean is taken, and rates hold");
  add_zero_to_one(command, "--average-rate", training.average_rate,
                  "Of their peak: what rates fall to until then; 0: as without a mean");
  add_zero_to_one(command, "--weight-decay", training.base.weight_decay,
                  "L2 penalty on weights: the longer the training, the less");
  command
      .add_option("--crop-padding", training.base.augmentation.crop_padding,
                  "Random crop, pixels on each side")
      ->check(CLI::Range(0, keys::kMostPadding));
  add_choice(command, "--padding", training.base.augmentation.padding,
             "Beside a shifted image: black, or its mirror image", data::kPaddingModes);
  add_choice(command, "--flip", training.base.augmentation.flip,
             "Mirror images left to right: never, at random, or in every other epoch",
             data::kMirrorings);
  command
      .add_option("--cutout", training.base.augmentation.cutout,
                  "Side of a blacked-out square, pixels; 0: none")
      ->check(CLI::Range(0, keys::kMostCutout));
  command
      .add_option("--label-smoothing", training.base.label_smoothing,
                  "Probability spread over all classes")
      ->check(CLI::Range(0.0, 0.99));
  add_zero_to_one(
      command, "--float-share", training.float_share,
      "Of the steps, the first so many leave weights of 2 and 3 bits in single precision");
  command
      .add_option("--small-crops", training.base.small_crops.size,
                  "The first steps see random crops of this side, pixels; 0: whole images")
      ->check(CLI::Range(0, 65536));
  add_zero_to_one(command, "--small-crop-share", training.base.small_crops.share,
                  "Of the steps: so many see crops");
  command.add_option("--device", training.base.device, "Where it trains: cpu, cuda, cuda:1");
}

void add_epitome_options(CLI::App& command, TrainArguments& arguments) {
  CLI::Option* epitome = command.add_option(
      "--epitome", arguments.epitome,
      "Store convolutions as epitomes, by rule (1024x256) or by layer (FILE.yaml)");
  command
      .add_option("--epitome-scale", arguments.epitome_scale,
                  "Scales of their weights: one a layer, or one a crossbar (not with --hardware)")
      ->check(CLI::IsMember({"layer", "crossbar"}))
      ->needs(epitome);
  command
      .add_option("--overlap-weight", arguments.training.base.epitome_scales.overlap_weight,
                  "Weight in their range of elements that are used often; default: none")
      ->check(CLI::Range(0.5, 1.0))
      ->needs(epitome);
}

}  // namespace

Action add_train_command(CLI::App& command, const GlobalOptions& global) {
  auto arguments = std::make_shared<TrainArguments>();
  command.add_option("--network", arguments->network, "Network file, or a shipped one by name")
      ->required();
  command.add_option("--out", arguments->out, "File for the trained network")->required();
  command.add_option("--dataset", arguments->dataset, "A name that 'gibbon list datasets' prints");
  command.add_option("--data", arguments->data, "Folder of the images");
  CLI::Option* hardware = command.add_option(
      "--hardware", arguments->hardware,
      "Also simulate the accuracy on this hardware: file, or a shipped one by name");
  command
      .add_option("--pim-aware-epochs", arguments->pim_aware_epochs,
                  "Fit the network to the crossbars; the last epochs see them in the forward pass")
      ->check(not_below_zero())
      ->needs(hardware);
  command
      .add_option("--pim-pass", arguments->pim_pass,
                  "That forward pass: exact, or fitted to a few images now and then")
      ->check(CLI::IsMember({"exact", "fitted"}));
  command.add_option("--images", arguments->images, "Test images to simulate; default: all")
      ->check(above_zero());
  command.add_option("--start", arguments->start,
                     "Trained network to start from, .gibbon or .onnx");
  CLI::Option* teacher = command.add_option(
      "--teacher", arguments->teacher,
      "Trained network whose answers are learnt beside the labels, .gibbon or .onnx");
  command
      .add_option("--teacher-weight", arguments->teacher_weight,
                  "Weight of its answers in the loss; default: 0.7")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(teacher);
  add_training_options(command, arguments->training);
  add_epitome_options(command, *arguments);
  command.add_flag("--single-precision", arguments->single_precision,
                   "Train without quantisation, and quantise afterwards");
  command.add_option("--tensorboard", arguments->tensorboard,
                     "Folder for the curves of loss and learning rate, as TensorBoard reads them");
  return [arguments, &global] { return train(*arguments, global); };
}

}  // namespace gibbon::app
