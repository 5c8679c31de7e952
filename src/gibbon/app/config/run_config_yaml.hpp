#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "gibbon/explore/run_config.hpp"

namespace gibbon::app {

/// The run that a file describes: every absent key at its default, "auto" threads counted, paths
/// absolute (relative ones are taken from the file's folder, `out` from the current one), shipped
/// presets found. Throws base::Error "FILE:LINE: KEY: ..." for anything that is not as it should
/// be.
explore::RunConfig load_run_config(const std::filesystem::path& path);
/// The same from text; `name` stands for the file in messages, `folder` for its place.
explore::RunConfig run_config_from_text(const std::string& text, std::string_view name,
                                        const std::filesystem::path& folder);

/// The configuration as YAML text that reads back to the same struct.
std::string to_yaml(const explore::RunConfig& config);
/// The same with a comment on every key: what it is and what is allowed.
std::string commented_yaml(const explore::RunConfig& config);

}  // namespace gibbon::app
