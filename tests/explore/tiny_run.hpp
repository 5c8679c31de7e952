#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/explorer.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

/// A joint search small enough for a test: 8x8 images of three classes that differ in brightness,
/// two blocks of at most 8 channels, a few seconds in all.
namespace gibbon::test {

data::Dataset tiny_dataset();
space::GibbonSpaceSpec tiny_spec();
std::unique_ptr<space::SearchSpace> tiny_space();
explore::RunConfig tiny_config();

/// A folder that is removed with the object.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  explore::RunPaths run_paths() const { return {path_ / "checkpoints", path_ / "models"}; }

 private:
  std::filesystem::path path_;
};

/// Asks to stop at the n-th update of the run's progress; counts them all.
class StopAt final : public base::Progress {
 public:
  explicit StopAt(int update) : limit_(update) {}
  void update(const base::ProgressUpdate&) override { ++seen_; }
  void note(const std::string&) override {}
  bool stop_requested() const override { return limit_ > 0 && seen_ >= limit_; }
  int seen() const { return seen_; }

 private:
  int limit_;
  std::atomic<int> seen_ = 0;
};

}  // namespace gibbon::test
