#include "sim/crossbar/emulated_amx.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace gibbon::sim {

namespace {

void require(bool holds, const char* instruction, const char* what) {
  if (!holds) throw std::logic_error(std::string(instruction) + ": " + what);
}

}  // namespace

/// Registers start with anything.
EmulatedTiles::EmulatedTiles() {
  for (Tile& tile : tiles_) {
    for (auto& row : tile.data) row.fill(0xAA);
  }
}

void EmulatedTiles::configure_bytes(const void* config) {
  std::array<std::uint8_t, 64> bytes;
  std::memcpy(bytes.data(), config, bytes.size());
  const auto all_zero = [&](std::size_t first, std::size_t last) {
    return std::all_of(bytes.begin() + static_cast<long>(first),
                       bytes.begin() + static_cast<long>(last) + 1, [](int b) { return b == 0; });
  };
  require(bytes[0] == 1, "LDTILECFG", "palette");
  require(bytes[1] == 0, "LDTILECFG", "a start row is only for interrupted loads");
  require(all_zero(2, 15) && all_zero(32, 47) && all_zero(56, 63), "LDTILECFG", "reserved bytes");
  for (std::size_t t = 0; t < tiles_.size(); ++t) {
    Tile& tile = tiles_[t];
    tile.row_bytes = bytes[16 + 2 * t] | bytes[17 + 2 * t] << 8;
    tile.rows = bytes[48 + t];
    require(tile.row_bytes <= kAmxRowBytes, "LDTILECFG", "bytes of a row");
    require(tile.rows <= kAmxRows, "LDTILECFG", "rows");
    require((tile.rows == 0) == (tile.row_bytes == 0), "LDTILECFG", "one of rows and bytes is 0");
    for (auto& row : tile.data) row.fill(0);
  }
  configured_ = true;
}

EmulatedTiles::Tile& EmulatedTiles::valid(int tile, const char* instruction) {
  require(configured_, instruction, "tiles are not configured");
  require(tile >= 0 && tile < kAmxTiles, instruction, "no such tile");
  Tile& found = tiles_[static_cast<std::size_t>(tile)];
  require(found.rows > 0, instruction, "the tile is not configured");
  return found;
}

void EmulatedTiles::zero_tile(int tile) {
  for (auto& row : valid(tile, "TILEZERO").data) row.fill(0);
}

void EmulatedTiles::load_tile(int tile, const void* from, std::ptrdiff_t stride) {
  Tile& to = valid(tile, "TILELOADD");
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  for (std::size_t row = 0; row < kAmxRows; ++row) {
    to.data[row].fill(0);
    if (static_cast<int>(row) >= to.rows) continue;
    std::memcpy(to.data[row].data(), bytes + static_cast<std::ptrdiff_t>(row) * stride,
                static_cast<std::size_t>(to.row_bytes));
  }
}

void EmulatedTiles::store_tile(int tile, void* to, std::ptrdiff_t stride) {
  const Tile& from = valid(tile, "TILESTORED");
  auto* bytes = static_cast<std::uint8_t*>(to);
  for (int row = 0; row < from.rows; ++row) {
    std::memcpy(bytes + row * stride, from.data[static_cast<std::size_t>(row)].data(),
                static_cast<std::size_t>(from.row_bytes));
  }
}

void EmulatedTiles::multiply(int sum, int signed_bytes, int unsigned_bytes) {
  Tile& c = valid(sum, "TDPBSUD");
  const Tile& a = valid(signed_bytes, "TDPBSUD");
  const Tile& b = valid(unsigned_bytes, "TDPBSUD");
  require(sum != signed_bytes && sum != unsigned_bytes && signed_bytes != unsigned_bytes, "TDPBSUD",
          "the three tiles must differ");
  require(a.row_bytes % 4 == 0 && b.row_bytes % 4 == 0 && c.row_bytes % 4 == 0, "TDPBSUD",
          "rows are of 32-bit words");
  require(c.rows == a.rows && c.row_bytes == b.row_bytes && a.row_bytes / 4 == b.rows, "TDPBSUD",
          "shapes");
  for (std::size_t m = 0; m < static_cast<std::size_t>(c.rows); ++m) {
    std::array<std::uint32_t, kAmxRowBytes / 4> row;
    std::memcpy(row.data(), c.data[m].data(), sizeof(row));
    for (std::size_t k = 0; k < static_cast<std::size_t>(a.row_bytes / 4); ++k) {
      const std::uint8_t* left = a.data[m].data() + 4 * k;
      const std::uint8_t* right = b.data[k].data();
      for (std::size_t n = 0; n < static_cast<std::size_t>(c.row_bytes / 4); ++n, right += 4) {
        int dot = 0;
        for (int byte = 0; byte < 4; ++byte) {
          dot += static_cast<std::int8_t>(left[byte]) * right[byte];
        }
        row[n] += static_cast<std::uint32_t>(dot);  // wraps, does not saturate
      }
    }
    std::memcpy(c.data[m].data(), row.data(), static_cast<std::size_t>(c.row_bytes));
  }
}

}  // namespace gibbon::sim
