#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/app/config/yaml_reader.hpp"
#include "gibbon/explore/run_config.hpp"

namespace gibbon::app {

/// One key of the run configuration: how it is explained, read and written.
struct ConfigKey {
  std::string name;     ///< "search.iterations"; a dot at most
  std::string help;     ///< what it decides, with its unit
  std::string allowed;  ///< "1 to 100000"
  std::function<void(const YamlValue&, explore::RunConfig&)> read;
  /// The value as YAML; nothing where the key is to be left out.
  std::function<std::optional<std::string>(const explore::RunConfig&)> write;
};

/// A section of the configuration file with the comment above it; "" is the top level.
struct ConfigSection {
  std::string_view name;
  std::string_view help;
};

/// Every key, in the order in which it is written, and the sections in theirs.
const std::vector<ConfigKey>& run_config_keys();
const std::vector<ConfigSection>& run_config_sections();

}  // namespace gibbon::app
