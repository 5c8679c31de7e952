#include "gibbon/app/config/presets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::app {

namespace fs = std::filesystem;

namespace {

struct KindNames {
  const char* folder;
  const char* what;
};

KindNames names_of(PresetKind kind) {
  static constexpr std::array<KindNames, 4> kNames{{{"spaces", "search space"},
                                                    {"hardware", "hardware"},
                                                    {"networks", "network"},
                                                    {"runs", "run"}}};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<fs::path> preset_places() {
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none).parent_path();
  return {fs::absolute("presets"), (program / ".." / "presets").lexically_normal(),
          (program / ".." / "share" / "gibbon" / "presets").lexically_normal()};
}

}  // namespace

fs::path preset_folder() {
  const std::vector<fs::path> places = preset_places();
  for (const fs::path& place : places) {
    if (fs::is_directory(place / "spaces")) return place;
  }
  std::vector<std::string> tried;
  for (const fs::path& place : places) tried.push_back(place.string());
  throw base::Error(fmt::format("no folder of presets; looked in {}", fmt::join(tried, ", ")));
}

std::vector<std::string> preset_names(PresetKind kind) {
  std::vector<std::string> names;
  for (const fs::path& place : preset_places()) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(place / names_of(kind).folder, none)) {
      if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    }
    if (!names.empty()) break;
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path locate(PresetKind kind, const fs::path& given, const fs::path& base) {
  if (given.empty()) throw base::Error(fmt::format("no {} given", names_of(kind).what));
  const bool is_name = !given.has_parent_path() && !given.has_extension();
  const fs::path beside = fs::absolute(base.empty() ? given : base / given).lexically_normal();
  if (!is_name) {
    if (fs::is_regular_file(beside)) return beside;
    throw base::Error(fmt::format("{} file {} {}", names_of(kind).what, beside.string(),
                                  fs::is_directory(beside) ? "is a folder" : "does not exist"));
  }
  const fs::path preset =
      preset_folder() / names_of(kind).folder / fs::path(given.string() + ".yaml");
  if (fs::is_regular_file(preset)) return preset;
  const std::vector<std::string> known = preset_names(kind);
  const std::string hint = base::did_you_mean(given.string(), known);
  throw base::Error(fmt::format("unknown {} '{}'{} Shipped: {}", names_of(kind).what,
                                given.string(), hint.empty() ? "." : hint, fmt::join(known, ", ")));
}

}  // namespace gibbon::app
