#include "gibbon/data/dataset_registry.hpp"

#include <fmt/format.h>

#include <array>

#include "gibbon/base/error.hpp"
#include "gibbon/base/registry.hpp"
#include "gibbon/data/datasets/cifar.hpp"
#include "gibbon/data/datasets/idx.hpp"
#include "gibbon/data/datasets/image_folder.hpp"

namespace gibbon::data {

namespace {

namespace fs = std::filesystem;

Dataset fashion_mnist(const fs::path& directory, const LoadOptions& options) {
  return load_idx("fashion-mnist",
                  {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                   "Sneaker", "Bag", "Ankle boot"},
                  directory, options.test_only);
}

Dataset mnist(const fs::path& directory, const LoadOptions& options) {
  return load_idx("mnist", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, directory,
                  options.test_only);
}

Dataset cifar10(const fs::path& directory, const LoadOptions& options) {
  return load_cifar10(directory, options.test_only);
}

Dataset cifar100(const fs::path& directory, const LoadOptions& options) {
  return load_cifar100(directory, options.test_only);
}

constexpr ImageShape kCifarShape{3, 32, 32};
constexpr ImageShape kMnistShape{1, 28, 28};

const std::array kEntries = {
    DatasetEntry{"cifar10", "60000 colour photographs of animals and vehicles (binary version)", 10,
                 kCifarShape, std::nullopt, cifar10},
    DatasetEntry{"cifar100", "60000 colour photographs, 100 fine classes (binary version)", 100,
                 kCifarShape, std::nullopt, cifar100},
    DatasetEntry{"fashion-mnist",
                 "70000 grey pictures of clothes (Debian package dataset-fashion-mnist)", 10,
                 kMnistShape, "/usr/share/datasets/fashion-mnist", fashion_mnist},
    DatasetEntry{"mnist", "70000 grey handwritten digits", 10, kMnistShape, std::nullopt, mnist},
    DatasetEntry{"image-folder", "your own PNG and JPEG images in train/CLASS/ and test/CLASS/",
                 std::nullopt, std::nullopt, std::nullopt, load_image_folder},
};

}  // namespace

std::span<const DatasetEntry> dataset_entries() {
  return kEntries;
}

const DatasetEntry& find_dataset(std::string_view name) {
  return base::entry_in(kEntries, "dataset", name);
}

Dataset load_dataset(std::string_view name, const fs::path& directory, const LoadOptions& options) {
  const DatasetEntry& entry = find_dataset(name);
  if (entry.shape && (options.size || options.channels)) {
    throw base::Error(fmt::format(
        "the dataset {} has images of one form: a size or channels can be given for image-folder",
        name));
  }
  if (directory.empty() && !entry.default_directory) {
    throw base::Error(fmt::format("the dataset {} needs the folder that it is in", name));
  }
  const fs::path folder = directory.empty() ? fs::path(*entry.default_directory) : directory;
  if (!fs::is_directory(folder)) {
    throw base::Error(
        fmt::format("{}: no such folder ({}: {})", folder.string(), entry.name, entry.summary));
  }
  return entry.load(folder, options);
}

}  // namespace gibbon::data
