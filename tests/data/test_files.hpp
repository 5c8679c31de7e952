#pragma once

#include <jpeglib.h>
#include <png.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::data {

/// A folder of its own for one test, gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gibbon-data-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

inline void write_gzipped(const std::filesystem::path& path, const std::string& bytes) {
  gzFile file = ::gzopen(path.c_str(), "wb");
  ::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  ::gzclose(file);
}

inline std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::string big_endian_bytes(const std::vector<std::uint32_t>& words) {
  std::string bytes;
  for (const std::uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xff);
  }
  return bytes;
}

inline std::string idx_images(std::uint32_t count, std::uint32_t height, std::uint32_t width,
                              const std::string& pixels) {
  return big_endian_bytes({0x803, count, height, width}) + pixels;
}

inline std::string idx_labels(const std::string& labels) {
  return big_endian_bytes({0x801, static_cast<std::uint32_t>(labels.size())}) + labels;
}

/// Pixels are [height, width, channels].
inline void write_png(const std::filesystem::path& path, int height, int width, int channels,
                      const std::vector<std::uint8_t>& pixels) {
  std::filesystem::create_directories(path.parent_path());
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 4 ? PNG_FORMAT_RGBA : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr);
}

/// Pixels are [height, width, channels]; four channels are CMYK.
inline void write_jpeg(const std::filesystem::path& path, int height, int width, int channels,
                       const std::vector<std::uint8_t>& pixels) {
  std::filesystem::create_directories(path.parent_path());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_stdio_dest(&info, file);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = channels;
  info.in_color_space = channels == 4 ? JCS_CMYK : channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(width) * channels);
  for (int y = 0; y < height; ++y) {
    std::copy_n(pixels.begin() + static_cast<long>(row.size()) * y, row.size(), row.begin());
    JSAMPROW rows = row.data();
    jpeg_write_scanlines(&info, &rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::fclose(file);
}

using test::error_of;

/// Runs `read` on a file cut short at many places and with bits flipped at many places: it must
/// return or throw base::Error, nothing else. Returns how many of the cut files were accepted.
template <typename Read>
int accepted_when_damaged(const std::filesystem::path& path, Read read) {
  const std::string whole = bytes_of_file(path);
  const auto is_accepted = [&](const std::string& bytes) {
    write_bytes(path, bytes);
    return error_of(read) == "no error";
  };
  int accepted = 0;
  const std::size_t step = std::max<std::size_t>(1, whole.size() / 200);
  for (std::size_t size = 0; size < whole.size(); size += step) {
    accepted += is_accepted(whole.substr(0, size));
  }
  for (std::size_t at = 0; at < whole.size(); at += step) {
    for (int bit = 0; bit < 8; bit += 3) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      is_accepted(damaged);
    }
  }
  write_bytes(path, whole);
  return accepted;
}

}  // namespace gibbon::data
