#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon::app {

enum class PresetKind { kSpaces, kHardware, kNetworks, kRuns };

/// The folder of the shipped presets: ./presets, else one beside the program's folder, else the
/// installed share/gibbon/presets. Throws base::Error naming the places where it looked.
std::filesystem::path preset_folder();

/// Names of the shipped presets of a kind, without ".yaml", sorted. Empty without a preset folder.
std::vector<std::string> preset_names(PresetKind kind);

/// The file that a user means: a bare name (no slash, no extension) is a shipped preset, anything
/// else a path, taken relative to `base` (empty: the current folder). Absolute. Throws base::Error
/// for an unknown name, with the nearest, and for a file that is not there.
std::filesystem::path locate(PresetKind kind, const std::filesystem::path& given,
                             const std::filesystem::path& base = {});

}  // namespace gibbon::app
