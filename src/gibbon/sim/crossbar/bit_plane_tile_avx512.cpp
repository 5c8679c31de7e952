#include "gibbon/base/vector_intrinsics.hpp"
#include "gibbon/sim/crossbar/bit_plane_kernel.hpp"
#include "gibbon/sim/crossbar/bit_plane_tile.hpp"

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,avx512bitalg")

namespace gibbon::sim {

namespace {

#include "gibbon/sim/crossbar/byte_table.inc"

using Vectors = Vector[kBitVectors];

/// Eight words at eight consecutive pixels, which mostly lie side by side.
Vector load_pixels(const std::uint64_t* corner, const std::int32_t* offsets) {
  if (lie_side_by_side(offsets, 8)) return _mm512_loadu_si512(corner + offsets[0]);
  const __m256i places = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets));
  return _mm512_i32gather_epi64(places, corner, 8);
}

/// The bits of eight wordlines at eight pixels.
Vector load_step(const BitBlock& block, int step, const std::uint64_t* images,
                 const std::int32_t* offsets) {
  Vector bits = _mm512_setzero_si512();
  const auto index = static_cast<std::size_t>(step);
  for (int s = block.step_starts[index]; s < block.step_starts[index + 1]; ++s) {
    const ByteSource& source = block.sources[static_cast<std::size_t>(s)];
    const Vector words = load_pixels(images + source.offset, offsets);
    bits = _mm512_or_si512(bits, _mm512_slli_epi64(words, static_cast<unsigned>(source.shift)));
  }
  return bits;
}

template <int kLaneBytes>
void gather_inputs(const BitBlock& block, const std::uint64_t* images, const std::int32_t* offsets,
                   BitBuffers::Vector* inputs) {
  for (int step = 0; step < block.steps(); ++step) {
    for (int v = 0; v < kBitVectors; ++v, ++inputs) {
      const std::int32_t* pixels = offsets + v * 64 / kLaneBytes;
      Vector bits = load_step(block, step, images, pixels);
      if constexpr (kLaneBytes == 4) {
        const __m256i low = _mm512_cvtepi64_epi32(bits);
        const __m256i high = _mm512_cvtepi64_epi32(load_step(block, step, images, pixels + 8));
        bits = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
      }
      _mm512_store_si512(inputs, bits);
    }
  }
}

/// counts += bits of one column, a byte a pixel and cycle; |count| fits since the table does.
inline void count_column(const ByteWeight* weight, const ByteWeight* end,
                         const BitBuffers::Vector* inputs, Vectors& counts) {
  constexpr int kSelect = 0xCA;  // first operand ? second : third
  for (; weight != end; ++weight) {
    const Vector plus = _mm512_set1_epi32(weight->plus);
    const Vector minus = _mm512_set1_epi32(weight->minus);
    const BitBuffers::Vector* input = inputs + std::ptrdiff_t{weight->step} * kBitVectors;
#pragma GCC unroll 8
    for (int v = 0; v < kBitVectors; ++v) {
      const Vector bits = _mm512_load_si512(input + v);
      const Vector seen = _mm512_ternarylogic_epi32(bits, plus, minus, kSelect);
      counts[v] = _mm512_add_epi8(counts[v], _mm512_popcnt_epi8(seen));
    }
  }
}

/// Sums of 32-bit lanes to sums of pixels.
template <int kLaneBytes>
void add_pixels(Vector lanes, std::int32_t room, std::int32_t* sums, bool& exact) {
  if constexpr (kLaneBytes == 4) {
    const Vector before = _mm512_loadu_si512(sums);
    const Vector limit = _mm512_set1_epi32(room);
    exact = exact && _mm512_cmpgt_epi32_mask(_mm512_abs_epi32(before), limit) == 0;
    _mm512_storeu_si512(sums, _mm512_add_epi32(before, lanes));
  } else {
    const Vector both = _mm512_add_epi32(lanes, _mm512_srli_epi64(lanes, 32));
    auto* place = reinterpret_cast<__m256i*>(sums);
    const __m256i before = _mm256_loadu_si256(place);
    const __m256i limit = _mm256_set1_epi32(room);
    exact = exact && _mm256_cmpgt_epi32_mask(_mm256_abs_epi32(before), limit) == 0;
    _mm256_storeu_si256(place, _mm256_add_epi32(before, _mm512_cvtepi64_epi32(both)));
  }
}

template <int kLaneBytes, int kTableSize>
bool run_block(const BitPlan& plan, const BitBlock& block, const BitBuffers::Vector* inputs,
               std::int32_t* sums) {
  constexpr int kTilePixels = kBitVectors * 64 / kLaneBytes;
  const Table<kTableSize> table(plan.table.data());
  // 1, 2, 4, ... 128: the weight of a pixel's cycles.
  const Vector cycle_weights =
      kLaneBytes == 4 ? _mm512_set1_epi32(0x08040201)
                      : _mm512_set1_epi64(static_cast<long long>(0x8040201008040201ULL));
  bool exact = true;
  for (int output = 0; output < block.output_count; ++output) {
    Vectors lanes;
    for (Vector& lane : lanes) lane = _mm512_setzero_si512();
    for (int part = plan.parts - 1; part >= 0; --part) {
      const auto column = static_cast<std::size_t>(output) * static_cast<std::size_t>(plan.parts) +
                          static_cast<std::size_t>(part);
      Vectors counts;
      for (Vector& count : counts) {
        count = _mm512_set1_epi8(static_cast<char>(block.first_code[column]));
      }
      count_column(block.weights.data() + block.column_starts[column],
                   block.weights.data() + block.column_starts[column + 1], inputs, counts);
#pragma GCC unroll 8
      for (int v = 0; v < kBitVectors; ++v) {
        lanes[v] =
            _mm512_dpbusd_epi32(_mm512_slli_epi32(lanes[v], 1), cycle_weights, table[counts[v]]);
      }
    }
    const std::int32_t room = block.room[static_cast<std::size_t>(output)];
    std::int32_t* to = sums + std::ptrdiff_t{block.first_output + output} * kTilePixels;
    for (int v = 0; v < kBitVectors; ++v) {
      add_pixels<kLaneBytes>(lanes[v], room, to + v * 64 / kLaneBytes, exact);
    }
  }
  return exact;
}

template <int kLaneBytes>
bool run_tile(const BitPlan& plan, const std::uint64_t* images, const std::int32_t* pixel_offsets,
              BitBuffers& buffers) {
  std::fill(buffers.sums.begin(), buffers.sums.end(), 0);
  bool exact = true;
  for (const BitBlock& block : plan.blocks) {
    gather_inputs<kLaneBytes>(block, images, pixel_offsets, buffers.inputs.data());
    const auto run = plan.table_size == 64    ? &run_block<kLaneBytes, 64>
                     : plan.table_size == 128 ? &run_block<kLaneBytes, 128>
                                              : &run_block<kLaneBytes, 256>;
    exact = run(plan, block, buffers.inputs.data(), buffers.sums.data()) && exact;
  }
  return exact;
}

/// Bit c of byte r of each word to bit r of byte c (Warren, "Hacker's Delight", 7-3).
Vector transpose_bits(Vector words) {
  const auto swap = [&words](long long mask, unsigned distance) {
    const Vector moved = _mm512_and_si512(
        _mm512_xor_si512(words, _mm512_srli_epi64(words, distance)), _mm512_set1_epi64(mask));
    words = _mm512_xor_si512(words, _mm512_xor_si512(moved, _mm512_slli_epi64(moved, distance)));
  };
  swap(0x00AA00AA00AA00AALL, 7);
  swap(0x0000CCCC0000CCCCLL, 14);
  swap(0x00000000F0F0F0F0LL, 28);
  return words;
}

}  // namespace

void join_bits(const std::int16_t* const* channels, int channel_count, int count,
               std::uint64_t* words) {
  for (int first = 0; first < count; first += 8) {
    const auto present = static_cast<__mmask8>(0xFFU >> std::max(0, 8 - (count - first)));
    Vector joined = _mm512_setzero_si512();
    for (int c = 0; c < channel_count; ++c) {
      const Vector values =
          _mm512_cvtepi16_epi64(_mm_maskz_loadu_epi16(present, channels[c] + first));
      joined = _mm512_or_si512(joined, _mm512_slli_epi64(values, static_cast<unsigned>(8 * c)));
    }
    _mm512_mask_storeu_epi64(words + first, present, transpose_bits(joined));
  }
}

bool run_bit_tile(const BitPlan& plan, const std::uint64_t* images,
                  const std::int32_t* pixel_offsets, BitBuffers& buffers) {
  return plan.lane_bytes() == 4 ? run_tile<4>(plan, images, pixel_offsets, buffers)
                                : run_tile<8>(plan, images, pixel_offsets, buffers);
}

bool bit_planes_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("avx512bitalg");
}

}  // namespace gibbon::sim

#pragma GCC pop_options
#else

namespace gibbon::sim {
bool bit_planes_available() {
  return false;
}
void join_bits(const std::int16_t* const*, int, int, std::uint64_t*) {}
bool run_bit_tile(const BitPlan&, const std::uint64_t*, const std::int32_t*, BitBuffers&) {
  return false;
}
}  // namespace gibbon::sim

#endif
