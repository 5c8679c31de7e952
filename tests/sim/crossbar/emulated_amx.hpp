#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gibbon/sim/crossbar/amx_pair_kernel.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

namespace gibbon::sim {

/// What the tile instructions do, operation by operation as in the Intel SDM, volume 2. What they
/// would fault on throws std::logic_error naming the instruction.
class EmulatedTiles {
 public:
  EmulatedTiles();

  void configure(const AmxConfig& config) { configure_bytes(&config); }
  /// 64 bytes as LDTILECFG reads them.
  void configure_bytes(const void* config);
  void release() { configured_ = false; }
  template <int kTile>
  void zero() {
    zero_tile(kTile);
  }
  template <int kTile>
  void load(const void* from, std::ptrdiff_t stride) {
    load_tile(kTile, from, stride);
  }
  template <int kTile>
  void store(void* to, std::ptrdiff_t stride) {
    store_tile(kTile, to, stride);
  }
  template <int kSum, int kSigned, int kUnsigned>
  void dot() {
    multiply(kSum, kSigned, kUnsigned);
  }

  void zero_tile(int tile);
  void load_tile(int tile, const void* from, std::ptrdiff_t stride);
  void store_tile(int tile, void* to, std::ptrdiff_t stride);
  /// TDPBSUD
  void multiply(int sum, int signed_bytes, int unsigned_bytes);

 private:
  struct Tile {
    int rows = 0;
    int row_bytes = 0;
    std::array<std::array<std::uint8_t, kAmxRowBytes>, kAmxRows> data;
  };
  Tile& valid(int tile, const char* instruction);

  std::array<Tile, kAmxTiles> tiles_;
  bool configured_ = false;
};

/// The AMX kernels over emulated tiles, from the source that the real ones are made of; they need
/// amx_vectors_available.
TileKernel emulated_amx_tile_kernel();
AmxPairFunction emulated_amx_pair_function();

}  // namespace gibbon::sim
