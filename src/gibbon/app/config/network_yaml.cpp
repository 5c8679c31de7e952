#include "gibbon/app/config/network_yaml.hpp"

#include <fmt/format.h>

#include <string>

#include "gibbon/app/config/yaml_reader.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/neurosim_csv.hpp"
#include "gibbon/nn/importers/onnx.hpp"

namespace gibbon::app {

namespace {

/// The line of the layer that a message names in quotes, else of the layer "network layer N"; the
/// file's first line where it names none.
int line_of_layer(const YamlValue& root, const std::string& message) {
  const auto layers = root.child("layers");
  if (!layers || !layers->is_list()) return root.line();
  int line = root.line();
  std::size_t index = 0;
  for (const YamlValue& layer : layers->list()) {
    const auto name = layer.is_map() ? layer.child("name") : std::nullopt;
    const bool named = name && message.find(fmt::format("'{}'", name->raw())) != std::string::npos;
    const bool numbered = message.find(fmt::format("layer {}:", index++)) != std::string::npos;
    if (named || numbered) line = layer.line();
  }
  return line;
}

nn::Network load_yaml(const std::filesystem::path& path) {
  const YamlValue root = read_yaml_file(path);
  try {
    nn::Network network = nn::network_from_json(root.json());
    nn::require_value_for_each_class(network);
    return network;
  } catch (const base::Error& error) {
    throw base::Error(
        fmt::format("{}:{}: {}", path.string(), line_of_layer(root, error.what()), error.what()));
  }
}

}  // namespace

nn::Network load_network(const std::filesystem::path& path) {
  if (path.extension() == ".onnx") return nn::load_onnx(path).network;
  if (path.extension() == ".csv") return nn::load_neurosim_csv(path);
  return load_yaml(path);
}

}  // namespace gibbon::app
