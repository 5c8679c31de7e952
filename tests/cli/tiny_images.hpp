#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "gibbon/base/rng.hpp"

namespace gibbon::test {

inline void write_big_endian(std::ofstream& file, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) file.put(static_cast<char>(value >> shift));
}

/// `count` images of 8x8 whose brightness tells their class, as MNIST's files.
inline void write_tiny_images(const std::filesystem::path& folder, const std::string& split,
                              int count) {
  base::Rng rng = base::Rng::forked(3, split);
  std::ofstream images(folder / (split + "-images-idx3-ubyte"), std::ios::binary);
  std::ofstream labels(folder / (split + "-labels-idx1-ubyte"), std::ios::binary);
  write_big_endian(images, 0x803);
  for (const int value : {count, 8, 8}) write_big_endian(images, static_cast<std::uint32_t>(value));
  write_big_endian(labels, 0x801);
  write_big_endian(labels, static_cast<std::uint32_t>(count));
  for (int i = 0; i < count; ++i) {
    labels.put(static_cast<char>(i % 10));
    for (int pixel = 0; pixel < 64; ++pixel) {
      images.put(static_cast<char>(20 * (i % 10) + static_cast<int>(rng.below(40))));
    }
  }
}

}  // namespace gibbon::test
