#include "gibbon/data/datasets/cifar.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>

#include "gibbon/base/error.hpp"

namespace gibbon::data {

namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr std::size_t kPixels = 3u * kSide * kSide;

constexpr std::array kCifar10Names = {"airplane", "automobile", "bird",  "cat",  "deer",
                                      "dog",      "frog",       "horse", "ship", "truck"};

// clang-format off
constexpr std::array kCifar100Names = {
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup",
    "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house",
    "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man",
    "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy",
    "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal",
    "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar",
    "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman",
    "worm"};
// clang-format on

static_assert(kCifar10Names.size() == 10);
static_assert(kCifar100Names.size() == 100);

/// The label bytes of a record: how many values each may take. The last is the one that is used.
struct LabelByte {
  const char* name;
  int values;
};

fs::path find_folder(const fs::path& directory, const char* official, const char* first_file) {
  if (fs::exists(directory / first_file)) return directory;
  if (fs::exists(directory / official / first_file)) return directory / official;
  throw base::Error(fmt::format("{}: no {} in this folder or in its {}/", directory.string(),
                                first_file, official));
}

std::vector<std::uint8_t> read_exactly(const fs::path& path, std::size_t size,
                                       const std::string& what) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream || !fs::is_regular_file(path)) {
    throw base::Error(fmt::format("cannot read {}: expected {}", path.string(), what));
  }
  if (const auto found = fs::file_size(path); found != size) {
    throw base::Error(
        fmt::format("{}: {} bytes, expected {} for {}", path.string(), found, size, what));
  }
  std::vector<std::uint8_t> bytes(size);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (static_cast<std::size_t>(stream.gcount()) != size) {
    throw base::Error(
        fmt::format("cannot read {}: only {} of {} bytes", path.string(), stream.gcount(), size));
  }
  return bytes;
}

void append_file(const fs::path& path, std::size_t records, std::span<const LabelByte> label_bytes,
                 ImageSet& images) {
  const std::size_t stride = label_bytes.size() + kPixels;
  const std::vector<std::uint8_t> bytes =
      read_exactly(path, records * stride, fmt::format("{} images of {} bytes", records, stride));
  for (std::size_t record = 0; record < records; ++record) {
    const std::uint8_t* at = bytes.data() + record * stride;
    for (std::size_t i = 0; i < label_bytes.size(); ++i) {
      if (at[i] < label_bytes[i].values) continue;
      throw base::Error(fmt::format("{}: {} {} of image {}, expected 0 to {}", path.string(),
                                    label_bytes[i].name, at[i], record, label_bytes[i].values - 1));
    }
    images.labels.push_back(at[label_bytes.size() - 1]);
    images.pixels.insert(images.pixels.end(), at + label_bytes.size(), at + stride);
  }
}

ImageSet empty_set(std::size_t count) {
  ImageSet images{3, kSide, kSide, {}, {}};
  images.pixels.reserve(count * kPixels);
  images.labels.reserve(count);
  return images;
}

}  // namespace

Dataset load_cifar10(const fs::path& directory, bool test_only) {
  constexpr std::array kLabelBytes = {LabelByte{"label", 10}};
  constexpr std::size_t kRecords = 10000;
  const fs::path folder = find_folder(directory, "cifar-10-batches-bin",
                                      test_only ? "test_batch.bin" : "data_batch_1.bin");
  Dataset dataset{"cifar10",
                  {kCifar10Names.begin(), kCifar10Names.end()},
                  empty_set(test_only ? 0 : 5 * kRecords),
                  empty_set(kRecords)};
  for (int batch = 1; batch <= 5 && !test_only; ++batch) {
    append_file(folder / fmt::format("data_batch_{}.bin", batch), kRecords, kLabelBytes,
                dataset.train);
  }
  append_file(folder / "test_batch.bin", kRecords, kLabelBytes, dataset.test);
  return dataset;
}

Dataset load_cifar100(const fs::path& directory, bool test_only) {
  constexpr std::array kLabelBytes = {LabelByte{"coarse label", 20}, LabelByte{"fine label", 100}};
  constexpr std::size_t kTrain = 50000;
  constexpr std::size_t kTest = 10000;
  const fs::path folder =
      find_folder(directory, "cifar-100-binary", test_only ? "test.bin" : "train.bin");
  Dataset dataset{"cifar100",
                  {kCifar100Names.begin(), kCifar100Names.end()},
                  empty_set(test_only ? 0 : kTrain),
                  empty_set(kTest)};
  if (!test_only) append_file(folder / "train.bin", kTrain, kLabelBytes, dataset.train);
  append_file(folder / "test.bin", kTest, kLabelBytes, dataset.test);
  return dataset;
}

}  // namespace gibbon::data
