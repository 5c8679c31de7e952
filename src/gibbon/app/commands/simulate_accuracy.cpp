#include "gibbon/app/commands/simulate_accuracy.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "gibbon/app/choice_option.hpp"
#include "gibbon/app/images_for.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::app {

namespace {

constexpr int kDefaultImages = 1000;
constexpr std::uint64_t kDefaultSeed = 1;

sim::AccuracyOptions options_of(const AccuracyArguments& arguments, const GlobalOptions& global) {
  sim::AccuracyOptions options;
  options.mode = arguments.adc_mode;
  options.threads = global.thread_count();
  options.isa = arguments.isa;
  options.device_model = arguments.devices;
  return options;
}

void require_crossbars(const AccuracyArguments& arguments) {
  if (arguments.adc_mode != sim::AdcMode::kIdeal) return;
  if (arguments.draws) {
    throw base::Error("--draws needs crossbars: not with --adc-mode ideal, which has no devices");
  }
  if (arguments.until_ci) {
    throw base::Error(
        "--until-ci compares crossbars with the ideal: not with --adc-mode ideal, where nothing "
        "can differ");
  }
}

TestedAccuracy test_accuracy(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                             const AccuracyArguments& arguments, const GlobalOptions& global,
                             const data::ImageSet& images) {
  TestedAccuracy tested;
  tested.options.half_width_points = *arguments.until_ci;
  tested.options.seed = global.seed.value_or(kDefaultSeed);
  tested.options.images = arguments.images.value_or(images.count());
  sim::AccuracyOptions options = options_of(arguments, global);
  options.device_seed = global.seed;
  const auto simulated = sim::make_accuracy_simulator(trained, hardware, options);
  options.device_seed.reset();
  options.mode = sim::AdcMode::kIdeal;
  const auto ideal = sim::make_accuracy_simulator(trained, hardware, options);
  tested.result = sim::measure_until(*simulated, *ideal, images, tested.options);
  return tested;
}

std::vector<double> percents_of(const DrawnAccuracy& drawn) {
  std::vector<double> percents;
  for (const sim::DeviceDraw& draw : drawn.draws) percents.push_back(draw.accuracy.top1_percent());
  return percents;
}

void print_percent(std::string_view name, double value, const std::string& note) {
  fmt::print("{:<12}  {:>10.2f} %{}\n", name, value, note);
}

void print(const sim::AccuracyResult& accuracy) {
  print_percent("accuracy", accuracy.top1_percent(),
                fmt::format(" ({} of {} test images)", accuracy.correct, accuracy.images));
}

void print(const DrawnAccuracy& drawn) {
  const std::size_t count = drawn.draws.size();
  if (!drawn.chips_differ) {
    print(drawn.draws.front().accuracy);
    fmt::print(
        "The device neither varies nor has stuck cells: all {} draws are the same chip,\n"
        "one was simulated.\n",
        count);
    return;
  }
  const sim::Spread spread = sim::spread_of(percents_of(drawn));
  print_percent("accuracy", spread.mean,
                fmt::format(" (mean of {} draws of the devices, {} test images)", count,
                            drawn.draws.front().accuracy.images));
  print_percent("deviation", spread.deviation, " (standard deviation of the draws)");
  print_percent("minimum", spread.minimum, "");
  print_percent("maximum", spread.maximum, "");
}

void print(const TestedAccuracy& tested) {
  const sim::SequentialResult& result = tested.result;
  const double difference = 100 * result.difference;
  const double half_width = 100 * result.half_width;
  print_percent("accuracy", result.simulated_percent(),
                result.all_images() ? fmt::format(" (all {} images)", result.population())
                                    : " (ideal + difference)");
  print_percent("ideal", result.ideal.top1_percent(),
                fmt::format(" (quantised, no crossbars; {} of {} test images)",
                            result.ideal.correct, result.ideal.images));
  fmt::print("{:<12}  {:>10.2f} points (95 % interval {:.2f} to {:.2f})\n", "difference",
             difference, difference - half_width, difference + half_width);
  const std::string aim = fmt::format("+-{} points", tested.options.half_width_points);
  fmt::print("{:<12}  {:>10} of {} on crossbars: {}\n", "images", result.images,
             result.population(),
             result.all_images() ? "the interval needed them all: on them it is exact"
                                 : "the interval is within " + aim);
}

base::Json json_of(const DrawnAccuracy& drawn) {
  const sim::Spread spread = sim::spread_of(percents_of(drawn));
  base::Json json = {{"count", drawn.draws.size()}, {"chips_differ", drawn.chips_differ},
                     {"mean", spread.mean},         {"standard_deviation", spread.deviation},
                     {"minimum", spread.minimum},   {"maximum", spread.maximum},
                     {"draws", base::Json::array()}};
  for (const sim::DeviceDraw& draw : drawn.draws) {
    json["draws"].push_back({{"seed", draw.seed},
                             {"correct", draw.accuracy.correct},
                             {"accuracy_top1", draw.accuracy.top1_percent()}});
  }
  return json;
}

base::Json json_of(const TestedAccuracy& tested) {
  const sim::SequentialResult& result = tested.result;
  return {{"half_width_points", tested.options.half_width_points},
          {"order_seed", tested.options.seed},
          {"images", result.images},
          {"ideal_images", result.ideal.images},
          {"population", result.population()},
          {"all_images", result.all_images()},
          {"ideal_accuracy_top1", result.ideal.top1_percent()},
          {"gained", result.gained},
          {"lost", result.lost},
          {"difference_points", 100 * result.difference},
          {"low_points", 100 * (result.difference - result.half_width)},
          {"high_points", 100 * (result.difference + result.half_width)}};
}

}  // namespace

void add_accuracy_options(CLI::App& command, AccuracyArguments& arguments) {
  CLI::Option* accuracy = command.add_flag("--accuracy", arguments.wanted,
                                           "Run test images on the simulated crossbars");
  command.add_option("--dataset", arguments.dataset, "Data set; default: fashion-mnist")
      ->needs(accuracy);
  command
      .add_option("--data", arguments.directory, "Its folder; default: where its package puts it")
      ->needs(accuracy);
  command
      .add_option("--images", arguments.images, "Test images; default: 1000, for --until-ci all")
      ->check(CLI::Range(1, 10000000))
      ->needs(accuracy);
  CLI::Option* draws =
      command
          .add_option("--draws", arguments.draws,
                      "Mean and spread of the accuracy over so many chips, each with devices of "
                      "its own (seeds --seed, --seed + 1, ...)")
          ->check(CLI::Range(1, 100000))
          ->needs(accuracy);
  command
      .add_option("--until-ci", arguments.until_ci,
                  "Take images until the 95 % confidence interval of the difference to the ideal "
                  "accuracy is within so many points")
      ->check(CLI::Range(1e-6, 100.0))
      ->needs(accuracy)
      ->excludes(draws);
  add_choice(command, "--adc-mode", arguments.adc_mode, "ADC range", sim::kAdcModes);
  add_choice(command, "--isa", arguments.isa, "Instructions", sim::kIsas);
}

void require_weights(const AccuracyArguments& arguments, bool has_weights,
                     const std::string& given) {
  if (!arguments.wanted || has_weights) return;
  if (std::filesystem::path(given).extension() == ".onnx") {
    throw base::Error(
        fmt::format("--accuracy needs the ranges of the layers' outputs, which {0} does not hold; "
                    "training measures them: gibbon train --network {0} --start {0} --out "
                    "MODEL.gibbon",
                    given));
  }
  throw base::Error(
      fmt::format("--accuracy needs a trained network (MODEL.gibbon), {} has no weights", given));
}

SimulatedAccuracy simulate_accuracy(const nn::TrainedNetwork& trained,
                                    const hw::HardwareConfig& hardware,
                                    const AccuracyArguments& arguments,
                                    const GlobalOptions& global) {
  require_crossbars(arguments);
  data::LoadOptions load =
      images_for(trained.network.input(), arguments.dataset, global.thread_count());
  load.test_only = true;
  const data::Dataset dataset = data::load_dataset(arguments.dataset, arguments.directory, load);
  if (arguments.until_ci) {
    return test_accuracy(trained, hardware, arguments, global, dataset.test);
  }
  const int images = arguments.images.value_or(kDefaultImages);
  sim::AccuracyOptions options = options_of(arguments, global);
  if (arguments.draws) {
    return DrawnAccuracy{sim::draw_devices(trained, hardware, options, dataset.test, images,
                                           global.seed.value_or(kDefaultSeed), *arguments.draws),
                         sim::chips_differ(hardware.device)};
  }
  options.device_seed = global.seed;
  const auto simulator = sim::make_accuracy_simulator(trained, hardware, options);
  return sim::measure_accuracy(*simulator, dataset.test, images);
}

void print_accuracy(const SimulatedAccuracy& accuracy) {
  std::visit([](const auto& kind) { print(kind); }, accuracy);
}

void add_accuracy(const SimulatedAccuracy& accuracy, base::Json& summary) {
  if (const auto* drawn = std::get_if<DrawnAccuracy>(&accuracy)) {
    summary["accuracy_top1"] = sim::spread_of(percents_of(*drawn)).mean;
    summary["images"] = drawn->draws.front().accuracy.images;
    summary["draws"] = json_of(*drawn);
    return;
  }
  if (const auto* tested = std::get_if<TestedAccuracy>(&accuracy)) {
    summary["accuracy_top1"] = tested->result.simulated_percent();
    summary["images"] = tested->result.images;
    summary["until_ci"] = json_of(*tested);
    return;
  }
  const auto& result = std::get<sim::AccuracyResult>(accuracy);
  summary["accuracy_top1"] = result.top1_percent();
  summary["images"] = result.images;
}

}  // namespace gibbon::app
