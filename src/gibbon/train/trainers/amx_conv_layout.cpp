#include "gibbon/train/trainers/amx_conv_layout.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "gibbon/base/vector_intrinsics.hpp"

namespace gibbon::train {

namespace {

constexpr std::int64_t kHalf = kTileChannels / 2;  // rows of a register

/// Along one axis, of a place `away` from a multiple of the stride.
struct PhaseStep {
  std::int64_t phase;
  std::int64_t distance;
};
PhaseStep phase_step(std::int64_t away, std::int64_t stride) {
  const std::int64_t phase = (away % stride + stride) % stride;
  return {phase, (away - phase) / stride};
}

}  // namespace

std::vector<Tap> taps_of_output(const PixelGrid& grid, std::int64_t side) {
  std::vector<Tap> taps;
  for (std::int64_t index = 0; index < side * side; ++index) {
    const PhaseStep row = phase_step(index / side - side / 2, grid.stride);
    const PhaseStep column = phase_step(index % side - side / 2, grid.stride);
    taps.push_back({index, row.phase * grid.stride + column.phase,
                    row.distance * grid.pitch() + column.distance});
  }
  return taps;
}

std::vector<Tap> taps_of_gradient(const PixelGrid& grid, std::int64_t side, std::int64_t phase) {
  std::vector<Tap> taps;
  for (const Tap& tap : taps_of_output(grid, side)) {
    if (tap.phase == phase) taps.push_back({tap.index, 0, -tap.distance});
  }
  return taps;
}

std::int64_t whole_tiles(std::int64_t channels) {
  return (channels + kTileChannels - 1) / kTileChannels * kTileChannels;
}

std::int64_t pixel_rows_lead(const PixelGrid& grid) {
  return (grid.reach() + kPixelsAtOnce + 1) / 2 * 2;
}

std::int64_t row_places(const PixelGrid& grid) {
  return grid.pixels() + 2 * pixel_rows_lead(grid);
}

std::int64_t pixel_rows_size(const PixelGrid& grid, std::int64_t channels) {
  return grid.phases() * row_places(grid) * whole_tiles(channels);
}

bool fits_one_row(std::int64_t side, std::int64_t channels) {
  return side * channels <= kHalf && side * side * channels <= kTileChannels;
}

std::int64_t packed_outputs(const TapKernel& kernel, bool turned) {
  return whole_tiles(turned ? kernel.in : kernel.out);
}

std::int64_t packed_kernel_size(const TapKernel& kernel) {
  return static_cast<std::int64_t>(kernel.taps.size()) * whole_tiles(kernel.in) *
         whole_tiles(kernel.out);
}

std::int64_t channel_steps(const PixelGrid& grid) {
  return (grid.pixels() + kTilePixels - 1) / kTilePixels;
}

std::int64_t columns_size(const PixelGrid& grid, std::int64_t channels) {
  return whole_tiles(channels) * channel_steps(grid) * kTilePixels;
}

std::int64_t pixel_pairs(const PixelGrid& grid) {
  return (row_places(grid) - 1) / 2;
}

std::int64_t pairs_size(const PixelGrid& grid, std::int64_t channels) {
  return grid.phases() * 2 * pixel_pairs(grid) * 2 * whole_tiles(channels);
}

#if defined(__x86_64__) && defined(__linux__)

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16,fma,prefer-vector-width=512")

namespace {

/// `count` values, and zeros up to kTileChannels.
void round_row(const float* from, std::int64_t count, std::uint16_t* to) {
  for (std::int64_t first = 0; first < kTileChannels; first += kHalf) {
    const std::int64_t rest = std::clamp<std::int64_t>(count - first, 0, kHalf);
    const auto mask = static_cast<__mmask16>((1U << rest) - 1);
    const __m512 values = _mm512_maskz_loadu_ps(mask, from + first);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + first),
                        reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
  }
}

/// For permutations of 32 values of 16 bits: takes value `first` + i and the one `distance` behind
/// it in turn, for 16 of i.
__m512i pair_order(std::int64_t first, std::int64_t distance) {
  alignas(64) std::array<std::uint16_t, 32> order;
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::uint16_t>(first + static_cast<std::int64_t>(i / 2) +
                                          static_cast<std::int64_t>(i % 2) * distance);
  }
  return _mm512_load_si512(order.data());
}

/// Two rows of 32 values -> their pairs, of the first or the second 16 columns.
struct PairOrder {
  __m512i first;
  __m512i second;

  PairOrder() : first(pair_order(0, 32)), second(pair_order(kHalf, 32)) {}
};

/// A register's 16 rows of 32 bits times 16.
struct TileRows {
  __m512i row[16];
};

__m512i row_of(const std::uint16_t* values) {
  return _mm512_loadu_si512(values);
}

/// 16 x 16 values of 32 bits.
void transpose(TileRows& tile) {
  auto& rows = tile.row;
  TileRows result;
  auto& a = result.row;
  for (std::size_t i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (std::size_t i = 0; i < 16; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  // rows[4 g + c] holds columns c, 4 + c, 8 + c and 12 + c of rows 4 g to 4 g + 3.
  for (std::size_t c = 0; c < 4; ++c) {
    const __m512i low = _mm512_shuffle_i32x4(rows[c], rows[4 + c], 0x88);
    const __m512i high = _mm512_shuffle_i32x4(rows[c], rows[4 + c], 0xdd);
    const __m512i low2 = _mm512_shuffle_i32x4(rows[8 + c], rows[12 + c], 0x88);
    const __m512i high2 = _mm512_shuffle_i32x4(rows[8 + c], rows[12 + c], 0xdd);
    a[c] = _mm512_shuffle_i32x4(low, low2, 0x88);
    a[4 + c] = _mm512_shuffle_i32x4(high, high2, 0x88);
    a[8 + c] = _mm512_shuffle_i32x4(low, low2, 0xdd);
    a[12 + c] = _mm512_shuffle_i32x4(high, high2, 0xdd);
  }
  tile = result;
}

void store_tile(const TileRows& tile, std::uint16_t* to) {
  for (const __m512i& row : tile.row) {
    _mm512_storeu_si512(to, row);
    to += kTileChannels;
  }
}

/// Reads one tap of a kernel [out][tap][in].
class TapReader {
 public:
  TapReader(const TapKernel& kernel, const float* values)
      : kernel_(kernel), values_(values), taps_(kernel.side * kernel.side) {}

  /// Of output `o`: 16 inputs from `i` on, zeros outside the kernel.
  __m512 inputs(std::int64_t o, std::int64_t i, std::int64_t tap) const {
    const std::int64_t rest =
        o < kernel_.out ? std::clamp<std::int64_t>(kernel_.in - i, 0, kHalf) : 0;
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << rest) - 1),
                                 values_ + (o * taps_ + tap) * kernel_.in + i);
  }

 private:
  const TapKernel& kernel_;
  const float* values_;
  std::int64_t taps_;
};

/// Rounded to bfloat16, the second behind the first.
__m512i rounded_pair(__m512 first, __m512 second) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}

}  // namespace

void fill_zeros(const PixelGrid& grid, std::int64_t channels, std::uint16_t* rows) {
  const std::int64_t lead = pixel_rows_lead(grid);
  const std::int64_t planes = whole_tiles(channels) / kTileChannels * grid.phases();
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    std::uint16_t* to = rows + plane * kTileChannels * row_places(grid);
    const auto clear = [&](std::int64_t first, std::int64_t last) {
      std::memset(to + first * kTileChannels, 0,
                  static_cast<std::size_t>((last - first) * kTileChannels) * sizeof(*to));
    };
    std::int64_t end = 0;  // of what is written or will be
    for (std::int64_t row = 0; row < grid.count * grid.height; ++row) {
      const std::int64_t first = lead + grid.first_of_row(row);
      clear(end, first);
      end = first + grid.width;
    }
    clear(end, row_places(grid));
  }
}

void fill_rows(const PixelGrid& grid, std::int64_t channels, const float* images,
               std::int64_t first, std::int64_t last, std::uint16_t* rows) {
  const std::int64_t stride = grid.stride;
  for (std::int64_t row = first; row < last; ++row) {
    const std::int64_t place = pixel_rows_lead(grid) + grid.first_of_row(row / stride);
    for (std::int64_t column = 0; column < stride; ++column) {
      const std::int64_t phase = row % stride * stride + column;
      const float* from = images + (row * grid.width * stride + column) * channels;
      for (std::int64_t channel = 0; channel < channels; channel += kTileChannels) {
        std::uint16_t* to = rows +
                            (channel * grid.phases() + phase * kTileChannels) * row_places(grid) +
                            place * kTileChannels;
        for (std::int64_t x = 0; x < grid.width; ++x) {
          round_row(from + x * stride * channels + channel, channels - channel,
                    to + x * kTileChannels);
        }
      }
    }
  }
}

void fill_reads(const PixelGrid& grid, std::int64_t side, std::int64_t channels,
                const float* images, std::int64_t first, std::int64_t last, std::uint16_t* rows) {
  const std::int64_t height = grid.height * grid.stride;
  const std::int64_t width = grid.width * grid.stride;
  alignas(64) std::array<float, kTileChannels + kHalf> reads;  // the last store reaches beyond
  for (std::int64_t row = first; row < last; ++row) {
    const float* image = images + row / grid.height * height * width * channels;
    std::uint16_t* to = rows + (pixel_rows_lead(grid) + grid.first_of_row(row)) * kTileChannels;
    for (std::int64_t x = 0; x < grid.width; ++x, to += kTileChannels) {
      const std::int64_t left = x * grid.stride - side / 2;
      const std::int64_t begin = std::max<std::int64_t>(0, -left);
      const std::int64_t end = std::min(side, width - left);
      const auto mask = static_cast<__mmask16>((1U << ((end - begin) * channels)) - 1);
      reads.fill(0);
      for (std::int64_t k = 0; k < side; ++k) {
        const std::int64_t y = row % grid.height * grid.stride - side / 2 + k;
        if (y < 0 || y >= height || end <= begin) continue;
        const float* from = image + (y * width + left + begin) * channels;
        _mm512_mask_storeu_ps(reads.data() + (k * side + begin) * channels, mask,
                              _mm512_maskz_loadu_ps(mask, from));
      }
      round_row(reads.data(), kTileChannels, to);
    }
  }
}

/// [16 outputs][32 inputs][tap] registers of [input pair][output][2].
void pack_kernel(const TapKernel& kernel, const float* values, bool turned, std::int64_t first,
                 std::int64_t last, std::uint16_t* packed) {
  const auto taps = static_cast<std::int64_t>(kernel.taps.size());
  const std::int64_t inputs = turned ? kernel.out : kernel.in;
  const TapReader reader(kernel, values);
  const __m512i in_turn = pair_order(0, kHalf);
  TileRows tile;
  std::uint16_t* to = packed + first * taps * whole_tiles(inputs);
  for (std::int64_t out = first; out < last; out += kHalf) {
    for (std::int64_t in = 0; in < inputs; in += kTileChannels) {
      for (const Tap& tap : kernel.taps) {
        for (std::int64_t k = 0; k < kHalf; ++k) {
          if (turned) {
            const __m512i both = rounded_pair(reader.inputs(in + 2 * k, out, tap.index),
                                              reader.inputs(in + 2 * k + 1, out, tap.index));
            tile.row[k] = _mm512_permutexvar_epi16(in_turn, both);
          } else {
            tile.row[k] = rounded_pair(reader.inputs(out + k, in, tap.index),
                                       reader.inputs(out + k, in + kHalf, tap.index));
          }
        }
        if (!turned) transpose(tile);
        store_tile(tile, to);
        to += kTileValues;
      }
    }
  }
}

void fill_columns(const PixelGrid& grid, std::int64_t channels, const std::uint16_t* rows,
                  std::int64_t first, std::int64_t last, std::uint16_t* columns) {
  const PairOrder order;
  const std::int64_t plane_size = channel_steps(grid) * kTileValues;
  TileRows low;
  TileRows high;
  for (std::int64_t channel = 0; channel < channels; channel += kTileChannels) {
    const std::uint16_t* plane =
        rows + channel * row_places(grid) + pixel_rows_lead(grid) * kTileChannels;
    std::uint16_t* to = columns + channel / kHalf * plane_size;
    for (std::int64_t step = first; step < last; ++step) {
      const std::uint16_t* pair = plane + step * kTilePixels * kTileChannels;
      for (std::size_t k = 0; k < kHalf; ++k, pair += 2 * kTileChannels) {
        const __m512i even = row_of(pair);
        const __m512i odd = row_of(pair + kTileChannels);
        low.row[k] = _mm512_permutex2var_epi16(even, order.first, odd);
        high.row[k] = _mm512_permutex2var_epi16(even, order.second, odd);
      }
      transpose(low);
      transpose(high);
      store_tile(low, to + step * kTileValues);
      store_tile(high, to + plane_size + step * kTileValues);
    }
  }
}

void fill_pairs(const PixelGrid& grid, std::int64_t channels, const std::uint16_t* rows,
                std::int64_t first, std::int64_t last, std::uint16_t* pairs) {
  const PairOrder order;
  const std::int64_t half_size = pixel_pairs(grid) * kTileChannels;  // values, even or odd places
  const std::int64_t planes = whole_tiles(channels) / kTileChannels * grid.phases();
  for (std::int64_t number = 0; number < planes; ++number) {
    const std::int64_t block = number / grid.phases();
    const std::int64_t phase = number % grid.phases();
    const std::uint16_t* plane = rows + number * kTileChannels * row_places(grid);
    std::uint16_t* low = pairs + (2 * block * grid.phases() + phase) * 2 * half_size;
    std::uint16_t* high = low + grid.phases() * 2 * half_size;
    for (std::int64_t pair = first; pair < last; ++pair) {
      const __m512i a = row_of(plane + 2 * pair * kTileChannels);
      const __m512i b = row_of(plane + (2 * pair + 1) * kTileChannels);
      const __m512i c = row_of(plane + (2 * pair + 2) * kTileChannels);
      const std::int64_t at = pair * kTileChannels;
      _mm512_storeu_si512(low + at, _mm512_permutex2var_epi16(a, order.first, b));
      _mm512_storeu_si512(high + at, _mm512_permutex2var_epi16(a, order.second, b));
      _mm512_storeu_si512(low + half_size + at, _mm512_permutex2var_epi16(b, order.first, c));
      _mm512_storeu_si512(high + half_size + at, _mm512_permutex2var_epi16(b, order.second, c));
    }
  }
}

#pragma GCC pop_options
#else

void fill_zeros(const PixelGrid&, std::int64_t, std::uint16_t*) {}
void fill_rows(const PixelGrid&, std::int64_t, const float*, std::int64_t, std::int64_t,
               std::uint16_t*) {}
void fill_reads(const PixelGrid&, std::int64_t, std::int64_t, const float*, std::int64_t,
                std::int64_t, std::uint16_t*) {}
void pack_kernel(const TapKernel&, const float*, bool, std::int64_t, std::int64_t, std::uint16_t*) {
}
void fill_columns(const PixelGrid&, std::int64_t, const std::uint16_t*, std::int64_t, std::int64_t,
                  std::uint16_t*) {}
void fill_pairs(const PixelGrid&, std::int64_t, const std::uint16_t*, std::int64_t, std::int64_t,
                std::uint16_t*) {}

#endif

}  // namespace gibbon::train
