#include "gibbon/app/config/hardware_yaml.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/hw/importers/mnsim_ini.hpp"

namespace gibbon::app {

namespace {

/// The line of the longest key path that stands in a message; the value's own line for none.
int line_of_message(const YamlValue& value, const std::string& message) {
  int line = value.line();
  std::size_t longest = 0;
  const std::size_t prefix = value.path().empty() ? 0 : value.path().size() + 1;
  for (const auto& [path, path_line] : value.lines()) {
    const std::string key = path.substr(prefix);
    if (key.size() <= longest || message.find(key) == std::string::npos) continue;
    longest = key.size();
    line = path_line;
  }
  return line;
}

}  // namespace

hw::HardwareConfig hardware_from_yaml(const YamlValue& value) {
  try {
    return hw::hardware_from_json(value.json());
  } catch (const base::Error& error) {
    throw base::Error(
        fmt::format("{}:{}: {}", value.file(), line_of_message(value, error.what()), error.what()));
  }
}

hw::HardwareConfig load_hardware(const std::filesystem::path& path) {
  if (path.extension() == ".ini") return hw::hardware_from_mnsim_ini(path);
  return hardware_from_yaml(read_yaml_file(path));
}

std::string to_yaml(const hw::HardwareConfig& config) {
  std::string text;
  const base::Json json = hw::to_json(config);
  for (const auto& [section, content] : json.items()) {
    if (!content.is_object()) {
      text += fmt::format("{}: {}\n", section, yaml_flow(content));
      continue;
    }
    text += fmt::format("{}:\n", section);
    for (const auto& [key, value] : content.items()) {
      text += fmt::format("  {}: {}\n", key, yaml_flow(value));
    }
  }
  return text;
}

std::string commented_yaml(const hw::HardwareConfig& config) {
  return "# Hardware: gibbon simulate --hardware FILE. Units are in the names.\n"
         "# Absent keys keep the values shown here.\n" +
         to_yaml(config);
}

}  // namespace gibbon::app
