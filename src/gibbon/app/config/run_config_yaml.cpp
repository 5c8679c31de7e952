#include "gibbon/app/config/run_config_yaml.hpp"

#include <fmt/format.h>

#include <map>
#include <thread>

#include "gibbon/app/config/config_key.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {

namespace fs = std::filesystem;
using explore::RunConfig;

namespace {

struct SplitName {
  std::string section;
  std::string key;
};

SplitName split(const std::string& name) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

/// Reads every key that is there; gives the values by full name, for messages about them.
std::map<std::string, YamlValue> read_keys(const YamlValue& root, RunConfig& config) {
  std::map<std::string, YamlMap> sections;
  sections.emplace("", root.map());
  for (const ConfigSection& section : run_config_sections()) {
    if (section.name.empty()) continue;
    const auto found = sections.at("").find(section.name);
    if (found) sections.emplace(section.name, found->map());
  }
  std::map<std::string, YamlValue> values;
  for (const ConfigKey& key : run_config_keys()) {
    const SplitName name = split(key.name);
    const auto section = sections.find(name.section);
    if (section == sections.end()) continue;
    if (const auto value = section->second.find(name.key)) values.emplace(key.name, *value);
  }
  for (const auto& [name, section] : sections) section.finish();
  for (const ConfigKey& key : run_config_keys()) {
    const auto value = values.find(key.name);
    if (value != values.end()) key.read(value->second, config);
  }
  return values;
}

/// A shipped preset or a file, with the key's line in the message if there is none.
fs::path located(PresetKind kind, const fs::path& given, const fs::path& folder,
                 const std::map<std::string, YamlValue>& values, const std::string& key) {
  try {
    return locate(kind, given, folder);
  } catch (const base::Error& error) {
    const auto value = values.find(key);
    if (value == values.end()) throw;
    value->second.fail(error.what());
  }
}

void resolve(RunConfig& config, const fs::path& folder,
             const std::map<std::string, YamlValue>& values) {
  if (config.threads == 0) {
    config.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }
  config.space = located(PresetKind::kSpaces, config.space, folder, values, "space");
  if (!config.hardware.empty()) {
    config.hardware = located(PresetKind::kHardware, config.hardware, folder, values, "hardware");
  }
  if (!config.data.directory.empty()) {
    config.data.directory = fs::absolute(folder / config.data.directory).lexically_normal();
  }
  if (!config.supernet.start.empty()) {
    config.supernet.start = fs::absolute(folder / config.supernet.start).lexically_normal();
  }
  config.out = fs::absolute(config.out).lexically_normal();
}

struct Count {
  const char* key;
  int value;
};

/// Fails where `part`, images taken out of those of `whole`, is more of them; at `part` if that is
/// in the file.
void require_part(const Count& part, const Count& whole,
                  const std::map<std::string, YamlValue>& values) {
  if (part.value <= whole.value) return;
  const std::string problem =
      fmt::format("got {}, which is more than {}, {}", part.value, whole.key, whole.value);
  const auto value = values.find(part.key);
  if (value != values.end()) value->second.fail(problem);
  const auto other = values.find(whole.key);
  if (other != values.end()) other->second.fail(fmt::format("{}: {}", part.key, problem));
}

void check(const RunConfig& config, const std::map<std::string, YamlValue>& values) {
  require_part({"simulation.images", config.simulation.images},
               {"data.validation_images", config.data.validation_images}, values);
  require_part({"simulation.fit_images", config.simulation.fit_images},
               {"supernet.calibration_images", config.supernet.calibration_images}, values);
}

std::string render(const RunConfig& config, bool with_comments) {
  std::string text;
  for (const ConfigSection& section : run_config_sections()) {
    if (with_comments) text += fmt::format("{}# {}\n", text.empty() ? "" : "\n", section.help);
    if (!section.name.empty()) text += fmt::format("{}:\n", section.name);
    const std::string indent(section.name.empty() ? 0 : 2, ' ');
    for (const ConfigKey& key : run_config_keys()) {
      const SplitName name = split(key.name);
      if (name.section != section.name) continue;
      const auto value = key.write(config);
      if (with_comments) {
        text += fmt::format("{}# {}{}\n", indent, key.help,
                            key.allowed.empty() ? "" : " (" + key.allowed + ")");
        if (!value) text += fmt::format("{}# {}:\n", indent, name.key);
      }
      if (value) text += fmt::format("{}{}: {}\n", indent, name.key, *value);
    }
  }
  return text;
}

}  // namespace

RunConfig run_config_from_text(const std::string& text, std::string_view name,
                               const fs::path& folder) {
  RunConfig config;
  const auto values = read_keys(read_yaml_text(text, name), config);
  resolve(config, folder, values);
  check(config, values);
  return config;
}

RunConfig load_run_config(const fs::path& path) {
  RunConfig config;
  const auto values = read_keys(read_yaml_file(path), config);
  resolve(config, fs::absolute(path).parent_path(), values);
  check(config, values);
  return config;
}

std::string to_yaml(const RunConfig& config) {
  return render(config, false);
}

std::string commented_yaml(const RunConfig& config) {
  return render(config, true);
}

}  // namespace gibbon::app
