#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "gibbon/app/command.hpp"
#include "gibbon/base/json.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

/// The part of `gibbon simulate` that runs test images on the simulated crossbars.
namespace gibbon::app {

struct AccuracyArguments {
  bool wanted = false;
  std::string dataset = "fashion-mnist";
  std::string directory;  ///< of the data set; empty: where its package puts it
  int images = 1000;
  sim::AdcMode adc_mode = sim::AdcMode::kScale;
  sim::Isa isa = sim::Isa::kAuto;
};

/// The command line's options, which fill `arguments`.
void add_accuracy_options(CLI::App& command, AccuracyArguments& arguments);

/// Throws base::Error where the accuracy is wanted of `given`, a network without weights.
void require_weights(const AccuracyArguments& arguments, bool has_weights,
                     const std::string& given);

sim::AccuracyResult simulate_accuracy(const nn::TrainedNetwork& trained,
                                      const hw::HardwareConfig& hardware,
                                      const AccuracyArguments& arguments,
                                      const GlobalOptions& global);

void print_accuracy(const sim::AccuracyResult& accuracy);

/// Adds the keys of the accuracy to the document's summary.
void add_accuracy(const sim::AccuracyResult& accuracy, base::Json& summary);

}  // namespace gibbon::app
