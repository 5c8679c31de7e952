#include "gibbon/app/config/epitome_yaml.hpp"

#include <fmt/format.h>

#include "gibbon/app/config/yaml_reader.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"

namespace gibbon::app {

namespace {

std::vector<sim::LayerStorage> by_rule(const std::string& text, const nn::Network& network,
                                       const hw::HardwareConfig& hardware) {
  const nn::EpitomeRule rule = nn::parse_epitome_rule(text, hardware.crossbar.rows);
  std::vector<sim::LayerStorage> storage = sim::storage_of(network, hardware);
  for (std::size_t i = 0; i < storage.size(); ++i) {
    const auto* conv = std::get_if<nn::Conv>(&network.layers()[i].parameters);
    if (conv == nullptr || conv->groups != 1) continue;
    storage[i].epitome = nn::epitome_by_rule(nn::weight_shape(*conv), rule);
    storage[i].outputs = nn::OutputBlocks::kSpread;
  }
  return storage;
}

nn::EpitomeShape shape_of(const YamlValue& value, const nn::Layer& layer,
                          const hw::HardwareConfig& hardware) {
  const auto* conv = std::get_if<nn::Conv>(&layer.parameters);
  if (conv == nullptr || conv->groups != 1)
    value.fail("only an ungrouped convolution has epitomes");
  std::optional<nn::EpitomeShape> shape;
  try {
    const nn::EpitomeRule rule = nn::parse_epitome_rule(value.text(), hardware.crossbar.rows);
    shape = nn::epitome_by_rule(nn::weight_shape(*conv), rule);
  } catch (const base::Error& error) {
    value.fail(error.what());
  }
  if (!shape) value.fail("not smaller than the convolution; leave the shape out to keep that");
  return *shape;
}

void read_layer(const YamlValue& value, const nn::Layer& layer, const hw::HardwareConfig& hardware,
                sim::LayerStorage& storage) {
  YamlMap keys = value.map();
  const auto shape = keys.find("shape");
  const auto wrap = keys.find("wrap");
  const auto bits = keys.find("bits");
  keys.finish();
  if (bits) storage.slices = sim::weight_slices(static_cast<int>(bits->integer(2, 16)), hardware);
  if (wrap && wrap->boolean()) storage.outputs = nn::OutputBlocks::kWrapped;
  if (shape) storage.epitome = shape_of(*shape, layer, hardware);
}

std::size_t layer_index(const YamlValue& layers, const std::string& name,
                        const nn::Network& network) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    if (network.layers()[i].name == name) return i;
    known.push_back(network.layers()[i].name);
  }
  layers.fail(fmt::format("network '{}' has no layer '{}'{}", network.description().name, name,
                          base::did_you_mean(name, known)));
}

}  // namespace

std::vector<sim::LayerStorage> load_storage(const std::string& rule_or_file,
                                            const nn::Network& network,
                                            const hw::HardwareConfig& hardware) {
  if (!rule_or_file.ends_with(".yaml")) return by_rule(rule_or_file, network, hardware);
  std::vector<sim::LayerStorage> storage = sim::storage_of(network, hardware);
  YamlMap file = read_yaml_file(rule_or_file).map();
  const auto layers = file.require("layers", "a map from layers to their shapes");
  file.finish();
  for (const auto& [name, line] : layers->keys()) {
    const std::size_t index = layer_index(*layers, name, network);
    read_layer(*layers->child(name), network.layers()[index], hardware, storage[index]);
  }
  return storage;
}

std::string to_yaml(const std::vector<sim::LayerStorage>& storage, const nn::Network& network,
                    const hw::HardwareConfig& hardware) {
  std::string text = "layers:\n";
  for (std::size_t i = 0; i < storage.size(); ++i) {
    const nn::Layer& layer = network.layers()[i];
    const sim::LayerStorage& stored = storage[i];
    const bool weighted = std::holds_alternative<nn::Conv>(layer.parameters) ||
                          std::holds_alternative<nn::Linear>(layer.parameters);
    if (!weighted) continue;
    text += fmt::format("  {}: {{", yaml_scalar(layer.name));
    if (stored.epitome) {
      const nn::EpitomeShape& epitome = *stored.epitome;
      // Rows that hold exactly its channels: whole crossbars and the rest.
      const int window = epitome.height * epitome.width;
      const int channels = hardware.crossbar.rows / window;
      const int rows = epitome.in_channels / channels * hardware.crossbar.rows +
                       epitome.in_channels % channels * window;
      text += fmt::format("shape: {}x{}, ", rows, epitome.out_channels);
      if (stored.outputs == nn::OutputBlocks::kWrapped) text += "wrap: true, ";
    }
    const int sign = hardware.pe.polarity == 2 ? 1 : 0;
    text += fmt::format("bits: {}}}\n", stored.slices + sign);
  }
  return text;
}

}  // namespace gibbon::app
