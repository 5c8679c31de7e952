#include "gibbon/store/run_folder.hpp"

#include <fmt/format.h>

#include <string>
#include <system_error>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::store {
namespace {

namespace fs = std::filesystem;

void create(const fs::path& path) {
  std::error_code error;
  const bool exists = fs::exists(path, error);
  if (exists && !fs::is_directory(path)) {
    throw base::Error(
        fmt::format("{} is a file, not a run folder; choose another --out", path.string()));
  }
  if (exists && !fs::is_empty(path, error) && !error) {
    throw base::Error(
        fmt::format("{} exists; --resume to continue it or choose another --out", path.string()));
  }
  if (!error) fs::create_directories(path, error);
  for (const char* part : {"layers", "checkpoints", "models"}) {
    if (!error) fs::create_directory(path / part, error);
  }
  if (error) {
    throw base::Error(
        fmt::format("cannot create run folder {}: {}", path.string(), error.message()));
  }
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
  if (id.empty() || id == "." || id == ".." || id.find('/') != std::string_view::npos) {
    throw base::Error(fmt::format("\"{}\" cannot name a file of a design's layers", id));
  }
  return layers_folder() / (std::string(id) + ".csv");
}

std::unique_ptr<RunStore> RunFolder::open_store() const {
  return open_sqlite_store(database(), mode_);
}

}  // namespace gibbon::store
