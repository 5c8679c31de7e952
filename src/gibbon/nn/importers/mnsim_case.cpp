#include "gibbon/nn/importers/mnsim_case.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {
namespace {

using base::Json;

/// One layer object with the name that error messages use.
struct Entry {
  const Json& json;
  const std::string& name;

  const Json& at(const char* key) const {
    const auto found = json.find(key);
    if (found == json.end()) {
      throw base::Error(fmt::format("reference case network: layer {}: no key '{}'", name, key));
    }
    return *found;
  }

  int integer(const char* key) const {
    const Json& value = at(key);
    if (!value.is_number_integer()) {
      throw base::Error(
          fmt::format("reference case network: layer {}: '{}' is {}, an integer is needed", name,
                      key, value.dump()));
    }
    return value.get<int>();
  }

  int integer_or(const char* key, int fallback) const {
    return json.contains(key) ? integer(key) : fallback;
  }
};

Conv read_conv(const Entry& entry) {
  Conv conv;
  conv.in_channels = entry.integer("in_channels");
  conv.out_channels = entry.integer("out_channels");
  conv.kernel = entry.integer("kernel_size");
  conv.stride = entry.integer_or("stride", 1);
  conv.padding = entry.integer_or("padding", 0);
  conv.weight_bits = entry.integer("weight_bit");
  conv.activation_bits = entry.integer("activation_bit");
  conv.point_shift = entry.integer("point_shift");
  return conv;
}

Linear read_linear(const Entry& entry) {
  Linear linear;
  linear.in_features = entry.integer("in_features");
  linear.out_features = entry.integer("out_features");
  linear.weight_bits = entry.integer("weight_bit");
  linear.activation_bits = entry.integer("activation_bit");
  linear.point_shift = entry.integer("point_shift");
  return linear;
}

PoolMode read_pool_mode(const Entry& entry) {
  const Json& mode = entry.at("mode");
  if (mode == "MAX") return PoolMode::kMax;
  if (mode == "AVE") return PoolMode::kAverage;
  if (mode == "ADA") return PoolMode::kGlobalAverage;
  throw base::Error(
      fmt::format("reference case network: layer {}: 'mode' is {}, allowed are MAX, AVE, ADA",
                  entry.name, mode.dump()));
}

Pool read_pool(const Entry& entry) {
  Pool pool;
  pool.mode = read_pool_mode(entry);
  pool.kernel = entry.integer("kernel_size");
  pool.stride = entry.integer_or("stride", 1);
  pool.padding = entry.integer_or("padding", 0);
  pool.activation_bits = entry.integer("activation_bit");
  return pool;
}

LayerParameters read_parameters(const Entry& entry, int first_input_channels) {
  const Json& type = entry.at("type");
  if (type == "conv") return read_conv(entry);
  if (type == "fc") return read_linear(entry);
  if (type == "bn") return BatchNorm{entry.integer("features"), entry.integer("activation_bit")};
  if (type == "relu") return Relu{};
  if (type == "pooling") return read_pool(entry);
  if (type == "element_sum") return Add{first_input_channels, entry.integer("activation_bit")};
  if (type == "view") return Flatten{};
  if (type == "dropout") return Dropout{};
  throw base::Error(fmt::format(
      "reference case network: layer {}: 'type' is {}, allowed are conv, fc, bn, relu, pooling, "
      "element_sum, view, dropout",
      entry.name, type.dump()));
}

std::vector<int> absolute_inputs(const Entry& entry, int index) {
  std::vector<int> inputs;
  for (const Json& relative : entry.at("inputs")) {
    const int source = index + relative.get<int>();
    if (source < kNetworkInput || source >= index) {
      throw base::Error(
          fmt::format("reference case network: layer {}: input {} is not an earlier "
                      "layer",
                      entry.name, source));
    }
    inputs.push_back(source);
  }
  return inputs;
}

int output_channels(const LayerParameters& parameters, int input_channels) {
  if (const auto* conv = std::get_if<Conv>(&parameters)) return conv->out_channels;
  if (const auto* linear = std::get_if<Linear>(&parameters)) return linear->out_features;
  return input_channels;
}

}  // namespace

Network network_from_mnsim_case(const base::Json& network) {
  NetworkDescription description;
  description.name = "mnsim_case";
  const Json& shape = network.at("input_shape");
  description.input = {shape.at(0).get<int>(), shape.at(1).get<int>(), shape.at(2).get<int>()};
  description.num_classes = network.at("num_classes").get<int>();
  description.input_bits = network.at("input_activation_bit").get<int>();
  description.input_scale = network.at("input_activation_scale").get<double>();

  std::vector<int> channels;
  int index = 0;
  for (const Json& json : network.at("layers")) {
    const std::string name =
        fmt::format("{}_{}", index, json.value("type", std::string("unknown")));
    const Entry entry{json, name};
    std::vector<int> inputs = absolute_inputs(entry, index);
    const int source = inputs.empty() ? kNetworkInput : inputs.front();
    const int input_channels = source == kNetworkInput ? description.input.channels
                                                       : channels[static_cast<std::size_t>(source)];
    LayerParameters parameters = read_parameters(entry, input_channels);
    channels.push_back(output_channels(parameters, input_channels));
    description.layers.push_back(Layer{name, std::move(parameters), std::move(inputs)});
    ++index;
  }
  return Network(std::move(description));
}

}  // namespace gibbon::nn
