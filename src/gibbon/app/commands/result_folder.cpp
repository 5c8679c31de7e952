#include "gibbon/app/commands/result_folder.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::app {

namespace {

constexpr const char* kSettings = "settings";

}  // namespace

ResultFolder::ResultFolder(std::filesystem::path folder, const base::Json& settings)
    : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  const auto known = find(kSettings);
  if (!known) {
    save(kSettings, settings);
    return;
  }
  if (*known == settings) return;
  throw base::Error(
      fmt::format("{}: holds rows of other settings ({}); use another --out or remove it",
                  folder_.string(), known->dump()));
}

std::optional<base::Json> ResultFolder::find(const std::string& name) const {
  const std::filesystem::path path = file(name + ".json");
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    return base::Json::parse(base::read_file(path));
  } catch (const base::Json::exception&) {
    throw base::Error(
        fmt::format("{}: is damaged; remove it, and what it held is made again", path.string()));
  }
}

void ResultFolder::save(const std::string& name, const base::Json& result) const {
  base::write_file_atomically(file(name + ".json"), result.dump(2) + "\n");
}

}  // namespace gibbon::app
