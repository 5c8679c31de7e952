#pragma once

#include <filesystem>
#include <string>

#include "gibbon/app/config/yaml_reader.hpp"
#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::app {

/// Hardware from a YAML file of HardwareConfig's sections and keys, or, where the name ends in
/// ".ini", from a SimConfig.ini of MNSIM. Absent keys keep their defaults. Throws base::Error
/// "FILE:LINE: KEY: ...".
hw::HardwareConfig load_hardware(const std::filesystem::path& path);
hw::HardwareConfig hardware_from_yaml(const YamlValue& value);

/// Every key with its value, as YAML that reads back to the same configuration.
std::string to_yaml(const hw::HardwareConfig& config);
/// The same with a heading for `gibbon config --hardware`.
std::string commented_yaml(const hw::HardwareConfig& config);

}  // namespace gibbon::app
