#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/data/dataset.hpp"

namespace gibbon::data {

/// Reads a dataset in MNIST's four IDX files, each as it is or gzipped (".gz"):
/// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
/// t10k-labels-idx1-ubyte. Any number of images of any one size; one channel.
/// Format: LeCun, Cortes, Burges, "The MNIST database", section "file formats".
/// Throws base::Error naming the file for one that is missing, too short or too long, damaged, or
/// not IDX; for a label beyond the classes; and where the four files disagree. With `test_only` the
/// training files are not read, and may be missing.
Dataset load_idx(std::string name, std::vector<std::string> class_names,
                 const std::filesystem::path& directory, bool test_only = false);

}  // namespace gibbon::data
