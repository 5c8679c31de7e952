#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "gibbon/data/dataset.hpp"
#include "gibbon/data/load_options.hpp"

namespace gibbon::data {

struct ImageShape {
  int channels = 0;
  int height = 0;
  int width = 0;
};

/// One dataset that Gibbon can read.
struct DatasetEntry {
  std::string_view name;
  std::string_view summary;
  std::optional<int> classes;                         ///< absent: as many as the files have
  std::optional<ImageShape> shape;                    ///< absent: as the files are
  std::optional<std::string_view> default_directory;  ///< where a Debian package puts it
  Dataset (*load)(const std::filesystem::path& directory, const LoadOptions& options);
};

/// All of them, in the order in which a list shows them.
std::span<const DatasetEntry> dataset_entries();

/// Throws base::Error with the known names, and the nearest, for an unknown one.
const DatasetEntry& find_dataset(std::string_view name);

/// The dataset in this folder; an empty path means the entry's default_directory. Throws
/// base::Error for an unknown name, a missing folder, options that the dataset does not have (only
/// image-folder has size and channels), and whatever is wrong with its files, with the file and
/// what was expected of it. Safe to call from several threads.
Dataset load_dataset(std::string_view name, const std::filesystem::path& directory,
                     const LoadOptions& options = {});

}  // namespace gibbon::data
