#pragma once

#include <cstdint>
#include <vector>

#include "gibbon/sim/crossbar/bit_plane_plan.hpp"

namespace gibbon::sim {

// The vectors of the bit plane kernel (AVX-512 with VNNI, VBMI and BITALG). A vector holds, for 8
// pixels (16 with up to four cycles), the bytes of all cycles: byte i of a pixel has the bits that
// eight wordlines take in cycle i.

inline constexpr int kBitVectors = 8;  ///< of a tile's pixels

inline int bit_tile_pixels(const BitPlan& plan) {
  return kBitVectors * 64 / plan.lane_bytes();
}

/// What one thread needs for one tile of pixels.
struct BitBuffers {
  explicit BitBuffers(const BitPlan& plan)
      : inputs(static_cast<std::size_t>(plan.max_steps) * kBitVectors),
        sums(static_cast<std::size_t>(plan.out_channels) *
             static_cast<std::size_t>(bit_tile_pixels(plan))) {}

  struct alignas(64) Vector {
    std::uint8_t bytes[64];
  };
  std::vector<Vector> inputs;      ///< [step][vector]
  std::vector<std::int32_t> sums;  ///< [output][pixel]
};

/// Puts `count` pixels of up to eight channels, integers of 0 to 255, into one word each: byte i of
/// `words` holds bit i of all channels.
void join_bits(const std::int16_t* const* channels, int channel_count, int count,
               std::uint64_t* words);

/// Computes the sums of one tile of pixels; false where float32 might have rounded one.
bool run_bit_tile(const BitPlan& plan, const std::uint64_t* images,
                  const std::int32_t* pixel_offsets, BitBuffers& buffers);

}  // namespace gibbon::sim
