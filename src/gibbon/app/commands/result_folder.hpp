#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "gibbon/base/json.hpp"

namespace gibbon::app {

/// Where a long experiment keeps what it has finished, so that the same command goes on after a
/// stop: NAME.json for each result, and other files beside them. Documents are written in one step.
class ResultFolder {
 public:
  /// Makes the folder. `settings` decide the results: throws base::Error where the folder holds
  /// results of other ones, or has a damaged settings.json.
  ResultFolder(std::filesystem::path folder, const base::Json& settings);

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  /// Nothing where there is no such result; throws base::Error naming the file if it is damaged.
  std::optional<base::Json> find(const std::string& name) const;
  void save(const std::string& name, const base::Json& result) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace gibbon::app
