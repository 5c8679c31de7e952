#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace gibbon::data {

/// A decoded picture: [height, width, channels], 1 channel (grey) or 3 (red, green, blue).
struct Picture {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// Decodes a PNG or JPEG file, told apart by its first bytes. A grey file gives one channel, every
/// other three; 16-bit samples are reduced to 8; transparent parts are laid on black; an EXIF
/// orientation is not applied. Throws base::Error naming the file if it cannot be read, is neither
/// PNG nor JPEG, is damaged or cut short, is CMYK, or has more than 64 million pixels.
Picture read_picture(const std::filesystem::path& path);

/// The picture with 1 or 3 channels. Grey is luma, 0.299 red + 0.587 green + 0.114 blue (ITU-R
/// BT.601), rounded; colour made from grey repeats it.
Picture with_channels(const Picture& picture, int channels);

/// The picture at another size, each axis for itself: area averaging where it shrinks (every source
/// pixel counts by how much of it a target pixel covers), linear interpolation between pixel
/// centres, with the edge repeated, where it grows. Rounded half up once, at the end.
Picture resized(const Picture& picture, int height, int width);

}  // namespace gibbon::data
