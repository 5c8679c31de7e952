#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gibbon/app/command.hpp"
#include "gibbon/base/json.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/nonideal/device_draws.hpp"
#include "gibbon/sim/sequential_accuracy.hpp"

/// The part of `gibbon simulate` that runs test images on the simulated crossbars.
namespace gibbon::app {

struct AccuracyArguments {
  bool wanted = false;
  std::string dataset = "fashion-mnist";
  std::string directory;      ///< of the data set; empty: where its package puts it
  std::optional<int> images;  ///< empty: 1000, or all that there are for until_ci
  sim::AdcMode adc_mode = sim::AdcMode::kScale;
  sim::Isa isa = sim::Isa::kAuto;
  sim::DeviceModel devices = sim::DeviceModel::kPerPlane;  ///< the cost model's
  std::optional<int> draws;                                ///< chips with different devices
  std::optional<double> until_ci;                          ///< half width of the interval, points
};

/// The command line's options, which fill `arguments`.
void add_accuracy_options(CLI::App& command, AccuracyArguments& arguments);

/// Throws base::Error where the accuracy is wanted of `given`, a network without weights.
void require_weights(const AccuracyArguments& arguments, bool has_weights,
                     const std::string& given);

/// The accuracy of many chips.
struct DrawnAccuracy {
  std::vector<sim::DeviceDraw> draws;
  bool chips_differ = true;
};
/// The accuracy from as many images on crossbars as its difference to the ideal needs.
struct TestedAccuracy {
  sim::SequentialResult result;
  sim::SequentialOptions options;
};
using SimulatedAccuracy = std::variant<sim::AccuracyResult, DrawnAccuracy, TestedAccuracy>;

SimulatedAccuracy simulate_accuracy(const nn::TrainedNetwork& trained,
                                    const hw::HardwareConfig& hardware,
                                    const AccuracyArguments& arguments,
                                    const GlobalOptions& global);

void print_accuracy(const SimulatedAccuracy& accuracy);

/// Adds the keys of the accuracy to the document's summary.
void add_accuracy(const SimulatedAccuracy& accuracy, base::Json& summary);

}  // namespace gibbon::app
