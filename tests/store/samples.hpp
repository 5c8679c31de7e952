#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gibbon/store/run_store.hpp"

namespace gibbon::store {

/// A new empty folder, deleted with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gibbon-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The i-th of a series of evaluations that differ in every field.
inline StoredEvaluation sample(int i) {
  StoredEvaluation stored;
  stored.key = "key-" + std::to_string(i);
  stored.evaluation.genome = {static_cast<std::uint8_t>(i % 36), 35, 0};
  // Thirds and sevenths have no finite binary or decimal form.
  stored.evaluation.metrics.values = {80.0 + i / 7.0, 1.0 / 3 + i, 0.1 * i, 1e-300, 1e300, -0.1};
  stored.evaluation.one_shot_accuracy = 90.0 - i / 3.0;
  if (i % 2 == 0) stored.evaluation.predicted = stored.evaluation.metrics;
  if (i % 3 == 2) stored.evaluation.infeasible = "area is 30 mm2, over 20 \"limit\"; é";
  stored.evaluation.iteration = i / 4;
  return stored;
}

}  // namespace gibbon::store
