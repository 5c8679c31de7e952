#include "gibbon/data/datasets/idx.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>

#include "gibbon/base/error.hpp"
#include "gibbon/data/gzip_reader.hpp"
#include "gibbon/data/load_options.hpp"

namespace gibbon::data {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr auto kMaxCount = static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

fs::path find_file(const fs::path& directory, const std::string& stem) {
  for (const char* ending : {"", ".gz"}) {
    const fs::path path = directory / (stem + ending);
    if (fs::exists(path)) return path;
  }
  throw base::Error(
      fmt::format("{}: no {} or {}.gz in this folder", directory.string(), stem, stem));
}

std::string read_header(GzipReader& reader, const fs::path& path, std::size_t size,
                        std::uint32_t magic) {
  std::string header = reader.read(size);
  if (header.size() < 4 || big_endian(header, 0) != magic) {
    throw base::Error(fmt::format("{}: not an IDX file of {}: begins with {}, expected 0x{:08x}",
                                  path.string(), magic == kImagesMagic ? "images" : "labels",
                                  header.size() < 4
                                      ? fmt::format("{} bytes only", header.size())
                                      : fmt::format("0x{:08x}", big_endian(header, 0)),
                                  magic));
  }
  if (header.size() < size) {
    throw base::Error(fmt::format("{}: {} bytes, shorter than an IDX header of {} bytes",
                                  path.string(), header.size(), size));
  }
  if (const std::uint32_t count = big_endian(header, 4); count < 1 || count > kMaxCount) {
    throw base::Error(fmt::format("{}: its header says {} items, expected 1 to {}", path.string(),
                                  count, kMaxCount));
  }
  return header;
}

/// Exactly `size` bytes, with nothing after them; `what` says what they are ("60000 labels").
std::string read_body(GzipReader& reader, const fs::path& path, std::size_t header_size,
                      std::size_t size, const std::string& what) {
  std::string body = reader.read(size + 1);
  if (body.size() < size) {
    throw base::Error(fmt::format(
        "{}: {} bytes{}, expected {} for {}", path.string(), header_size + body.size(),
        reader.ended_early() ? " before its gzip data ends early" : "", header_size + size, what));
  }
  if (body.size() > size) {
    throw base::Error(fmt::format("{}: more than the {} bytes expected for {}", path.string(),
                                  header_size + size, what));
  }
  if (reader.ended_early()) {
    throw base::Error(
        fmt::format("{}: its gzip data ends early, before the check sum", path.string()));
  }
  return body;
}

ImageSet read_images(const fs::path& path) {
  constexpr std::size_t kHeader = 16;
  GzipReader reader(path);
  const std::string header = read_header(reader, path, kHeader, kImagesMagic);
  const std::uint32_t count = big_endian(header, 4);
  const std::uint32_t height = big_endian(header, 8);
  const std::uint32_t width = big_endian(header, 12);
  if (height < 1 || width < 1 || height > kMaxImageSide || width > kMaxImageSide) {
    throw base::Error(fmt::format("{}: its header says images of {}x{}, expected sides of 1 to {}",
                                  path.string(), height, width, kMaxImageSide));
  }
  const std::size_t size = std::size_t{count} * height * width;
  const std::string body = read_body(reader, path, kHeader, size,
                                     fmt::format("{} images of {}x{}", count, height, width));
  return {1, static_cast<int>(height), static_cast<int>(width), {body.begin(), body.end()}, {}};
}

std::vector<std::int32_t> read_labels(const fs::path& path, std::size_t classes) {
  constexpr std::size_t kHeader = 8;
  GzipReader reader(path);
  const std::string header = read_header(reader, path, kHeader, kLabelsMagic);
  const std::uint32_t count = big_endian(header, 4);
  const std::string body = read_body(reader, path, kHeader, count, fmt::format("{} labels", count));
  std::vector<std::int32_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) {
    labels[i] = static_cast<unsigned char>(body[i]);
    if (static_cast<std::size_t>(labels[i]) >= classes) {
      throw base::Error(fmt::format("{}: label {} of image {}, expected 0 to {}", path.string(),
                                    labels[i], i, classes - 1));
    }
  }
  return labels;
}

ImageSet read_split(const fs::path& directory, const std::string& prefix, std::size_t classes) {
  const fs::path images_path = find_file(directory, prefix + "-images-idx3-ubyte");
  const fs::path labels_path = find_file(directory, prefix + "-labels-idx1-ubyte");
  std::vector<std::int32_t> labels = read_labels(labels_path, classes);
  ImageSet images = read_images(images_path);
  const std::size_t count = images.pixels.size() / static_cast<std::size_t>(images.image_size());
  if (count != labels.size()) {
    throw base::Error(fmt::format("{}: {} labels, expected {}, one for each image of {}",
                                  labels_path.string(), labels.size(), count,
                                  images_path.filename().string()));
  }
  images.labels = std::move(labels);
  return images;
}

}  // namespace

Dataset load_idx(std::string name, std::vector<std::string> class_names, const fs::path& directory,
                 bool test_only) {
  Dataset dataset{std::move(name), std::move(class_names), {}, {}};
  dataset.test = read_split(directory, "t10k", dataset.class_names.size());
  if (test_only) return dataset;
  dataset.train = read_split(directory, "train", dataset.class_names.size());
  if (dataset.train.height != dataset.test.height || dataset.train.width != dataset.test.width) {
    throw base::Error(fmt::format("{}: test images of {}x{}, but training images of {}x{}",
                                  directory.string(), dataset.test.height, dataset.test.width,
                                  dataset.train.height, dataset.train.width));
  }
  return dataset;
}

}  // namespace gibbon::data
