#pragma once

#include <filesystem>

#include "gibbon/data/dataset.hpp"

namespace gibbon::data {

/// CIFAR in its binary version (Krizhevsky, "Learning multiple layers of features from tiny
/// images", 2009; layout from https://www.cs.toronto.edu/~kriz/cifar.html): records of a label byte
/// (CIFAR-100: the coarse, then the fine label) and 3072 bytes, the red, green and blue planes of
/// 32x32 in row order. The images keep the order of the files.
/// Both throw base::Error naming the file for one that is missing, is not exactly as long as the
/// official one, or holds a label out of range. With `test_only` the training files are not read,
/// and may be missing.

/// data_batch_1.bin to data_batch_5.bin and test_batch.bin (10000 records each) in `directory` or
/// in its cifar-10-batches-bin/.
Dataset load_cifar10(const std::filesystem::path& directory, bool test_only = false);

/// train.bin (50000 records) and test.bin (10000) in `directory` or in its cifar-100-binary/. The
/// labels are the 100 fine ones.
Dataset load_cifar100(const std::filesystem::path& directory, bool test_only = false);

}  // namespace gibbon::data
