#pragma once

#include <array>
#include <cstdint>

namespace gibbon::sim {

// The tile registers of AMX (Intel SDM volume 1, chapter 18): eight matrices of up to 16 rows of 64
// bytes. The kernels (tile_kernel_amx.inc, amx_pair_tile.inc) are written over a class with members
//
//   void configure(const AmxConfig&);           LDTILECFG: shapes; all registers become zero
//   void release();                             TILERELEASE
//   void zero<kTile>();                         TILEZERO
//   void load<kTile>(from, stride);             TILELOADD: rows, `stride` bytes apart
//   void store<kTile>(to, stride);              TILESTORED
//   void dot<kSum, kSigned, kUnsigned>();       TDPBSUD: sum[m][n] += sum over k and 4 bytes of
//                                               signed[m][4k + byte] * unsigned[k][4n + byte]
//
// which is the instructions themselves (tile_kernel_amx.cpp) or, in tests, what they do.

inline constexpr int kAmxTiles = 8;
inline constexpr int kAmxRows = 16;      ///< of a register, at most
inline constexpr int kAmxRowBytes = 64;  ///< at most
inline constexpr int kAmxPixels = 16;    ///< 32-bit columns of a register of sums

// What the registers hold: first sums [output][pixel], then one of weights [output][row of the
// crossbar], the rest input digits [quad of rows][pixel][4].
inline constexpr int kAmxSums = 2;  ///< more would cost beside another thread's work, decision 0010
inline constexpr int kAmxWeights = kAmxSums;
inline constexpr int kAmxDigits = kAmxWeights + 1;

/// What LDTILECFG reads, palette 1.
struct alignas(64) AmxConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{};  ///< the second eight are reserved
  std::array<std::uint8_t, 16> rows{};        ///< likewise
};
static_assert(sizeof(AmxConfig) == 64);

/// The shapes for weights of `outputs` (1 to 16) by `quads` (1 to 16) of four rows each.
AmxConfig amx_config(int outputs, int quads, int sums = kAmxSums);

/// Whether this build, the processor and the system offer AMX's tiles with byte products, and
/// AVX-512 with VNNI and VBMI beside them. Asks the system (Linux) once for the leave to use tiles.
bool amx_available();

/// Whether the vector instructions around the tiles are there: AVX-512 with VNNI and VBMI.
bool amx_vectors_available();

}  // namespace gibbon::sim
