#include "gibbon/sim/reference/accuracy_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"
#include "gibbon/nn/importers/mnsim_case.hpp"
#include "gibbon/sim/crossbar/crossbar_layer.hpp"
#include "gibbon/sim/inference/network_runner.hpp"

namespace gibbon::sim {

namespace {

using base::Json;

constexpr double kTolerance = 1e-5;

/// A case's JSON and the arrays beside it.
struct Case {
  Json json;
  std::string arrays;

  explicit Case(const std::filesystem::path& path) : json(Json::parse(base::read_file(path))) {
    arrays = base::read_file(path.parent_path() / json.at("bin").get<std::string>());
  }

  std::vector<float> array(const Json& descriptor) const {
    std::size_t count = 1;
    for (const Json& extent : descriptor.at("shape")) count *= extent.get<std::size_t>();
    const auto offset = descriptor.at("offset").get<std::size_t>();
    if (offset + count * sizeof(float) > arrays.size()) {
      throw base::Error("an array lies outside the .bin file");
    }
    std::vector<float> values(count);
    std::memcpy(values.data(), arrays.data() + offset, count * sizeof(float));
    return values;
  }
};

nn::QuantizationScale grid_of(const Json& row) {
  return {static_cast<int>(row.at(0).get<double>()), row.at(1).get<double>()};
}

nn::LayerState state_of(const Case& reference, const Json& parameters) {
  nn::LayerState state;
  state.output_range = parameters.at("last_value").get<double>();
  if (parameters.contains("weight")) {
    state.weight = reference.array(parameters.at("weight"));
    state.input = grid_of(parameters.at("bit_scale_list").at(0));
    state.weights = grid_of(parameters.at("bit_scale_list").at(1));
    state.output = grid_of(parameters.at("bit_scale_list").at(2));
  }
  if (parameters.contains("gamma")) {
    state.gamma = reference.array(parameters.at("gamma"));
    state.beta = reference.array(parameters.at("beta"));
    state.running_mean = reference.array(parameters.at("running_mean"));
    state.running_variance = reference.array(parameters.at("running_var"));
    state.epsilon = parameters.at("eps").get<double>();
  }
  return state;
}

nn::TrainedNetwork trained_network_of(const Case& reference) {
  nn::TrainedNetwork trained{nn::network_from_mnsim_case(reference.json.at("network")), {}};
  for (const Json& parameters : reference.json.at("params")) {
    trained.states.push_back(state_of(reference, parameters));
  }
  return trained;
}

/// What the accuracy path reads of the hardware, from MNSIM's own derived settings.
hw::HardwareConfig hardware_of(const Case& reference) {
  const Json& derived = reference.json.at("mnsim_hardware_config");
  hw::HardwareConfig hardware;
  hardware.crossbar.rows = derived.at("xbar_size").get<int>();
  hardware.pe.polarity = derived.at("xbar_polarity").get<int>();
  hardware.pe.dacs_per_subarray = derived.at("DAC_num").get<int>();
  hardware.device.levels = 1 << derived.at("weight_bit").get<int>();
  hardware.dac.bits = derived.at("input_bit").get<int>();
  hardware.adc.accuracy_bits = derived.at("ADC_quantize_bit").get<int>();
  return hardware;
}

LayerComparison compare(const std::string& mode, int layer, const float* ours,
                        const std::vector<float>& expected) {
  LayerComparison result{mode, layer, static_cast<long>(expected.size()), 0, 0};
  double largest = 0;
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (ours[i] != expected[i]) ++result.mismatches;
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    const double difference = std::abs(static_cast<double>(ours[i]) - expected[i]);
    worst = std::isnan(difference) ? difference : std::max(worst, difference);
  }
  result.worst_relative_error = largest > 0 ? worst / largest : worst;
  return result;
}

/// The layer's digits of one block and place, as MNSIM stores them, against the recorded checksums.
void check_digit_plane(const CrossbarLayer& layer, const RowBlock& block, int part, int sign,
                       const std::string& label, const Json& expected) {
  double sum = 0;
  double absolute = 0;
  double weighted = 0;
  long n = 0;
  for (const int weight : block.weights) {
    int digit = signed_digit(weight, part, layer.cell_bits);
    if (sign != 0) digit = std::max(digit * sign, 0);
    sum += digit;
    absolute += std::abs(digit);
    weighted += static_cast<double>(digit) * static_cast<double>(n++ % 97);
  }
  if (sum != expected.at("sum").get<double>() || absolute != expected.at("abs_sum").get<double>() ||
      weighted != expected.at("weighted_sum").get<double>()) {
    throw base::Error(fmt::format("layer '{}': digit plane {} differs", layer.name, label));
  }
}

void check_digits(const Case& reference, const nn::TrainedNetwork& trained,
                  const hw::HardwareConfig& hardware) {
  for (const Json& entry : reference.json.at("weight_digit_checksums")) {
    const CrossbarLayer layer =
        prepare_crossbar_layer(trained, entry.at("layer").get<int>(), hardware, AdcMode::kScale);
    std::size_t planes = 0;
    for (std::size_t b = 0; b < layer.blocks.size(); ++b) {
      for (int j = 0; j < layer.parts; ++j) {
        const std::string label = fmt::format("split{}_weight{}", b, j);
        const Json& arrays = entry.at("arrays");
        if (layer.polarity == 1) {
          check_digit_plane(layer, layer.blocks[b], j, 0, label, arrays.at(label));
          planes += 1;
        } else {
          check_digit_plane(layer, layer.blocks[b], j, 1, label, arrays.at(label + "_positive"));
          check_digit_plane(layer, layer.blocks[b], j, -1, label, arrays.at(label + "_negative"));
          planes += 2;
        }
      }
    }
    if (planes != entry.at("arrays").size()) {
      throw base::Error(fmt::format("layer '{}': {} digit planes, expected {}", layer.name, planes,
                                    entry.at("arrays").size()));
    }
  }
}

void compare_pass(const Case& reference, const NetworkRunner& runner, const std::string& mode,
                  AccuracyCaseReport& report) {
  const Json& expected = reference.json.at("expected").at(mode);
  const Json& descriptor = reference.json.at("images");
  Tensor images(descriptor.at("shape").at(0).get<int>(), runner.network().input());
  images.values = reference.array(descriptor);
  const Tensor logits = runner.run(images, [&](std::size_t index, const Tensor& output) {
    for (const Json& recorded : expected.at("first_image_outputs")) {
      if (recorded.at("layer").get<std::size_t>() != index) continue;
      const std::vector<float> values = reference.array(recorded);
      if (values.size() != static_cast<std::size_t>(output.shape.elements())) {
        throw base::Error(fmt::format("layer {} has {} outputs, expected {}", index,
                                      output.shape.elements(), values.size()));
      }
      report.layers.push_back(compare(mode, static_cast<int>(index), output.values.data(), values));
    }
  });
  report.layers.push_back(
      compare(mode, -1, logits.values.data(), reference.array(expected.at("logits"))));
}

void judge(AccuracyCaseReport& report) {
  report.passed = !report.layers.empty();
  for (const LayerComparison& layer : report.layers) {
    const double error = layer.worst_relative_error;
    if (!(error <= report.worst_relative_error)) report.worst_relative_error = error;
    if (error <= kTolerance) continue;
    report.passed = false;
    report.failure += fmt::format("{} layer {}: {} of {} elements differ, by up to {:.3g}; ",
                                  layer.mode, layer.layer, layer.mismatches, layer.elements, error);
  }
}

}  // namespace

AccuracyCaseReport verify_accuracy_case(const std::filesystem::path& json_path, Isa isa) {
  AccuracyCaseReport report;
  report.name = json_path.stem().string();
  try {
    const Case reference(json_path);
    const nn::TrainedNetwork trained = trained_network_of(reference);
    const hw::HardwareConfig hardware = hardware_of(reference);
    check_digits(reference, trained, hardware);
    for (const auto& [mode, name] : {std::pair{AdcMode::kScale, "scale"}, {AdcMode::kFix, "fix"}}) {
      AccuracyOptions options;
      options.mode = mode;
      options.isa = isa;
      options.mnsim_range_update = true;
      compare_pass(reference, NetworkRunner(trained, hardware, options), name, report);
    }
    judge(report);
  } catch (const std::exception& error) {
    report.passed = false;
    report.failure = error.what();
  }
  return report;
}

std::vector<std::filesystem::path> accuracy_cases(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw base::Error(fmt::format("no folder {}", folder.string()));
  }
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace gibbon::sim
