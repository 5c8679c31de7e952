#include "gibbon/app/commands/simulate_accuracy.hpp"

#include <fmt/format.h>

#include <map>

#include "gibbon/base/error.hpp"
#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::app {

void add_accuracy_options(CLI::App& command, AccuracyArguments& arguments) {
  static const std::map<std::string, sim::AdcMode> modes = {{"scale", sim::AdcMode::kScale},
                                                            {"fix", sim::AdcMode::kFix},
                                                            {"ideal", sim::AdcMode::kIdeal}};
  static const std::map<std::string, sim::Isa> isas = {{"auto", sim::Isa::kAuto},
                                                       {"scalar", sim::Isa::kScalar},
                                                       {"avx2", sim::Isa::kAvx2},
                                                       {"avx512vnni", sim::Isa::kAvx512Vnni},
                                                       {"amx", sim::Isa::kAmx}};
  command.add_flag("--accuracy", arguments.wanted, "Run test images on the simulated crossbars");
  command.add_option("--dataset", arguments.dataset, "Data set; default: fashion-mnist");
  command.add_option("--data", arguments.directory,
                     "Its folder; default: where its package puts it");
  command.add_option("--images", arguments.images, "Test images; default: 1000")
      ->check(CLI::Range(1, 10000000));
  command.add_option("--adc-mode", arguments.adc_mode, "ADC range: scale, fix, ideal")
      ->transform(CLI::CheckedTransformer(modes).description(""));
  command.add_option("--isa", arguments.isa, "Instructions: auto, scalar, avx2, avx512vnni, amx")
      ->transform(CLI::CheckedTransformer(isas).description(""));
}

void require_weights(const AccuracyArguments& arguments, bool has_weights,
                     const std::string& given) {
  if (!arguments.wanted || has_weights) return;
  throw base::Error(
      fmt::format("--accuracy needs a trained network (MODEL.gibbon), {} has no weights", given));
}

sim::AccuracyResult simulate_accuracy(const nn::TrainedNetwork& trained,
                                      const hw::HardwareConfig& hardware,
                                      const AccuracyArguments& arguments,
                                      const GlobalOptions& global) {
  data::LoadOptions load;
  load.threads = global.thread_count();
  const data::Dataset dataset = data::load_dataset(arguments.dataset, arguments.directory, load);
  sim::AccuracyOptions accuracy;
  accuracy.mode = arguments.adc_mode;
  accuracy.threads = global.thread_count();
  accuracy.isa = arguments.isa;
  accuracy.device_seed = global.seed;
  const auto simulator = sim::make_accuracy_simulator(trained, hardware, accuracy);
  return sim::measure_accuracy(*simulator, dataset.test, arguments.images);
}

void print_accuracy(const sim::AccuracyResult& accuracy) {
  fmt::print("{:<12}  {:>10.2f} % ({} of {} test images)\n", "accuracy", accuracy.top1_percent(),
             accuracy.correct, accuracy.images);
}

void add_accuracy(const sim::AccuracyResult& accuracy, base::Json& summary) {
  summary["accuracy_top1"] = accuracy.top1_percent();
  summary["images"] = accuracy.images;
}

}  // namespace gibbon::app
