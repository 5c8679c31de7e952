#include "gibbon/store/run_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::store {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> kParts{"layers", "hardware", "checkpoints", "models"};

/// A run killed before its configuration was written, with which it begins, leaves empty folders
/// and a store without designs, which the next may take.
bool holds_anything(const fs::path& path, std::error_code& error) {
  const bool has_begun = fs::exists(path / "config.yaml", error);
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (!has_begun && entry.path().filename().string().starts_with("run.db")) continue;
    const bool is_part =
        std::find(kParts.begin(), kParts.end(), entry.path().filename()) != kParts.end();
    if (!is_part || !fs::is_directory(entry) || !fs::is_empty(entry, error)) return true;
  }
  return false;
}

void create(const fs::path& path) {
  std::error_code error;
  const bool exists = fs::exists(path, error);
  if (exists && !fs::is_directory(path)) {
    throw base::Error(
        fmt::format("{} is a file, not a run folder; choose another --out", path.string()));
  }
  if (exists && holds_anything(path, error) && !error) {
    throw base::Error(
        fmt::format("{} exists; --resume to continue it or choose another --out", path.string()));
  }
  if (!error) fs::create_directories(path, error);
  for (const char* part : kParts) {
    if (!error) fs::create_directory(path / part, error);
  }
  if (error) {
    throw base::Error(
        fmt::format("cannot create run folder {}: {}", path.string(), error.message()));
  }
}

std::string checked(std::string_view id) {
  if (id.empty() || id == "." || id == ".." || id.find('/') != std::string_view::npos) {
    throw base::Error(fmt::format("\"{}\" cannot name a file of a design", id));
  }
  return std::string(id);
}

void require_run(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    throw base::Error(fmt::format("run folder {} does not exist", path.string()));
  }
  if (!fs::exists(path / "run.db", error)) {
    throw base::Error(fmt::format("{} is not a run folder: it holds no run.db", path.string()));
  }
}

}  // namespace

RunFolder::RunFolder(fs::path path, OpenMode mode) : path_(std::move(path)), mode_(mode) {
  mode == OpenMode::kCreate ? create(path_) : require_run(path_);
}

fs::path RunFolder::layers(std::string_view id) const {
  return layers_folder() / (checked(id) + ".csv");
}

fs::path RunFolder::hardware(std::string_view id) const {
  return hardware_folder() / (checked(id) + ".json");
}

std::unique_ptr<RunStore> RunFolder::open_store() const {
  const bool was_left = mode_ == OpenMode::kCreate && fs::exists(database());
  return open_sqlite_store(database(), was_left ? OpenMode::kResume : mode_);
}

}  // namespace gibbon::store
