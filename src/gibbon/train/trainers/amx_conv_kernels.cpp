#include "gibbon/train/trainers/amx_conv_kernels.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "gibbon/base/processor.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"

#if defined(__x86_64__) && defined(__linux__)
// GCC 12's own header starts intrinsics from a register that it leaves undefined on purpose, and
// then warns of it.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#endif

namespace gibbon::train {

namespace {

constexpr std::int64_t kHalf = sim::kAmxRows;  // rows of a register, its columns of 32 bits
constexpr std::int64_t kTileValues = 512;      // bfloat16 values of a register
constexpr std::int64_t kSums = 256;            // float32 values of a register
constexpr std::int64_t kSumsAtOnce = 3;        // registers of them, see Tiles

/// Distance of a tap from its output in the sequence of pixels.
std::int64_t tap_offset(const PixelGrid& grid, std::int64_t side, std::int64_t tap) {
  return (tap / side - side / 2) * grid.pitch() + tap % side - side / 2;
}

std::int64_t row_places(const PixelGrid& grid) {
  return grid.pixels() + 2 * pixel_rows_lead(grid);
}

std::int64_t halves(std::int64_t channels) {
  return (channels + kHalf - 1) / kHalf;
}

}  // namespace

std::int64_t whole_tiles(std::int64_t channels) {
  return (channels + kTileChannels - 1) / kTileChannels * kTileChannels;
}

std::int64_t pixel_rows_lead(const PixelGrid& grid) {
  return (grid.reach() + kPixelsAtOnce + 1) / 2 * 2;
}

std::int64_t pixel_rows_size(const PixelGrid& grid, std::int64_t channels) {
  return row_places(grid) * whole_tiles(channels);
}

std::int64_t packed_outputs(const TapKernel& kernel, bool turned) {
  return whole_tiles(turned ? kernel.in : kernel.out);
}

std::int64_t packed_kernel_size(const TapKernel& kernel) {
  return kernel.taps() * whole_tiles(kernel.in) * whole_tiles(kernel.out);
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
  return 2 * pixel_pairs(grid) * 2 * whole_tiles(channels);
}

#if defined(__x86_64__) && defined(__linux__)

bool amx_conv_available() {
  static const bool available =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512bf16") &&
      base::processor_has_tiles(base::TileProducts::kBfloat16) && base::system_grants_tiles();
  return available;
}

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

/// Reads one tap of a kernel [out][in][tap].
class TapReader {
 public:
  TapReader(const TapKernel& kernel, const float* values)
      : kernel_(kernel),
        values_(values),
        distances_(_mm512_mullo_epi32(
            _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
            _mm512_set1_epi32(static_cast<int>(kernel.taps())))) {}

  /// Of output `o`: 16 inputs from `i` on, zeros outside the kernel.
  __m512 inputs(std::int64_t o, std::int64_t i, std::int64_t tap) const {
    const std::int64_t rest =
        o < kernel_.out ? std::clamp<std::int64_t>(kernel_.in - i, 0, kHalf) : 0;
    return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), static_cast<__mmask16>((1U << rest) - 1),
                                    distances_,
                                    values_ + (o * kernel_.in + i) * kernel_.taps() + tap, 4);
  }

 private:
  const TapKernel& kernel_;
  const float* values_;
  __m512i distances_;
};

/// Rounded to bfloat16, the second behind the first.
__m512i rounded_pair(__m512 first, __m512 second) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}

#include "gibbon/sim/crossbar/amx_registers.inc"

/// Registers 0 to 2 are sums, 3 is what their products share, 4 each product's own. The other three
/// stay empty: where two threads share a core, what is left of the registers' file is all that
/// products in flight have, and with all eight in use each waits for the one before (decision
/// 0010). All matrices lie in memory as the registers hold them.
class Tiles {
 public:
  Tiles() {
    static const sim::AmxConfig config = sim::amx_config(sim::kAmxRows, sim::kAmxRows);
    registers_.configure(config);
  }
  ~Tiles() { registers_.release(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  void zero() {
    registers_.zero<0>();
    registers_.zero<1>();
    registers_.zero<2>();
  }
  void load_sums(const float* from) {
    registers_.load<0>(from, kRowBytes);
    registers_.load<1>(from + kSums, kRowBytes);
    registers_.load<2>(from + 2 * kSums, kRowBytes);
  }
  void store_sums(float* to) {
    registers_.store<0>(to, kRowBytes);
    registers_.store<1>(to + kSums, kRowBytes);
    registers_.store<2>(to + 2 * kSums, kRowBytes);
  }
  /// sums[k] += rows[k] * columns
  void multiply_rows(const std::array<const std::uint16_t*, kSumsAtOnce>& rows,
                     const std::uint16_t* columns) {
    registers_.load<3>(columns, kRowBytes);
    registers_.load<4>(rows[0], kRowBytes);
    dot<0, 4, 3>();
    registers_.load<4>(rows[1], kRowBytes);
    dot<1, 4, 3>();
    registers_.load<4>(rows[2], kRowBytes);
    dot<2, 4, 3>();
  }
  /// sums[k] += rows * columns[k]
  void multiply_columns(const std::uint16_t* rows,
                        const std::array<const std::uint16_t*, kSumsAtOnce>& columns) {
    registers_.load<3>(rows, kRowBytes);
    registers_.load<4>(columns[0], kRowBytes);
    dot<0, 3, 4>();
    registers_.load<4>(columns[1], kRowBytes);
    dot<1, 3, 4>();
    registers_.load<4>(columns[2], kRowBytes);
    dot<2, 3, 4>();
  }

 private:
  static constexpr std::ptrdiff_t kRowBytes = 64;

  template <int kSum, int kRows, int kColumns>
  void dot() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0"
                     :
                     : "i"(kSum), "i"(kRows), "i"(kColumns));
  }

  AmxRegisters registers_;
};

/// Walks along the sequence: the place of each pixel among those of the images, -1 for a zero.
class PixelPlaces {
 public:
  PixelPlaces(const PixelGrid& grid, std::int64_t pixel)
      : grid_(grid),
        x_(pixel % grid.pitch()),
        y_(pixel / grid.pitch() % (grid.height + grid.ring)),
        image_(pixel / grid.pitch() / (grid.height + grid.ring)) {}

  std::int64_t next() {
    const bool inside = x_ < grid_.width && y_ < grid_.height && image_ < grid_.count;
    const std::int64_t place =
        inside ? (image_ * grid_.height + y_) * grid_.width + x_ : std::int64_t{-1};
    if (++x_ == grid_.pitch()) {
      x_ = 0;
      if (++y_ == grid_.height + grid_.ring) {
        y_ = 0;
        ++image_;
      }
    }
    return place;
  }

 private:
  const PixelGrid& grid_;
  std::int64_t x_;
  std::int64_t y_;
  std::int64_t image_;
};

}  // namespace

void fill_zeros(const PixelGrid& grid, std::int64_t channels, std::uint16_t* rows) {
  const std::int64_t lead = pixel_rows_lead(grid);
  for (std::int64_t plane = 0; plane < whole_tiles(channels); plane += kTileChannels) {
    std::uint16_t* to = rows + plane * row_places(grid);
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
  for (std::int64_t row = first; row < last; ++row) {
    const float* from = images + row * grid.width * channels;
    const std::int64_t place = pixel_rows_lead(grid) + grid.first_of_row(row);
    for (std::int64_t plane = 0; plane < channels; plane += kTileChannels) {
      std::uint16_t* to = rows + plane * row_places(grid) + place * kTileChannels;
      for (std::int64_t x = 0; x < grid.width; ++x) {
        round_row(from + x * channels + plane, channels - plane, to + x * kTileChannels);
      }
    }
  }
}

/// [16 outputs][32 inputs][tap] registers of [input pair][output][2].
void pack_kernel(const TapKernel& kernel, const float* values, bool turned, std::int64_t first,
                 std::int64_t last, std::uint16_t* packed) {
  const std::int64_t taps = kernel.taps();
  const std::int64_t inputs = turned ? kernel.out : kernel.in;
  const TapReader reader(kernel, values);
  const __m512i in_turn = pair_order(0, kHalf);
  TileRows tile;
  std::uint16_t* to = packed + first * taps * whole_tiles(inputs);
  for (std::int64_t out = first; out < last; out += kHalf) {
    for (std::int64_t in = 0; in < inputs; in += kTileChannels) {
      for (std::int64_t tap = 0; tap < taps; ++tap, to += kTileValues) {
        for (std::int64_t k = 0; k < kHalf; ++k) {
          if (turned) {
            const std::int64_t opposite = taps - 1 - tap;
            const __m512i both = rounded_pair(reader.inputs(in + 2 * k, out, opposite),
                                              reader.inputs(in + 2 * k + 1, out, opposite));
            tile.row[k] = _mm512_permutexvar_epi16(in_turn, both);
          } else {
            tile.row[k] = rounded_pair(reader.inputs(out + k, in, tap),
                                       reader.inputs(out + k, in + kHalf, tap));
          }
        }
        if (!turned) transpose(tile);
        store_tile(tile, to);
      }
    }
  }
}

void multiply_pixels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* rows,
                     const std::uint16_t* packed, std::int64_t first, float* images) {
  constexpr std::int64_t kStep = kSumsAtOnce * kHalf;
  static_assert(kPixelsAtOnce % kStep == 0);
  const std::int64_t last = std::min(first + kPixelsAtOnce, grid.pixels());
  std::array<std::int64_t, kPixelsAtOnce> places;
  PixelPlaces walk(grid, first);
  for (std::int64_t& place : places) place = walk.next();
  alignas(64) std::array<float, kSumsAtOnce * kSums> sums;
  Tiles tiles;
  for (std::int64_t out = 0; out < kernel.out; out += kHalf) {
    const std::uint16_t* columns = packed + out * kernel.taps() * whole_tiles(kernel.in);
    const auto mask = static_cast<__mmask16>((1U << std::min(kHalf, kernel.out - out)) - 1);
    for (std::int64_t pixel = first; pixel < last; pixel += kStep) {
      tiles.zero();
      const std::uint16_t* column = columns;
      for (std::int64_t in = 0; in < kernel.in; in += kTileChannels) {
        const std::uint16_t* plane =
            rows + in * row_places(grid) + (pixel_rows_lead(grid) + pixel) * kTileChannels;
        for (std::int64_t tap = 0; tap < kernel.taps(); ++tap, column += kTileValues) {
          const std::uint16_t* row = plane + tap_offset(grid, kernel.side, tap) * kTileChannels;
          tiles.multiply_rows({row, row + kTileValues, row + 2 * kTileValues}, column);
        }
      }
      tiles.store_sums(sums.data());
      for (std::int64_t p = 0; p < kStep; ++p) {
        const std::int64_t place = places[static_cast<std::size_t>(pixel - first + p)];
        if (place < 0) continue;
        _mm512_mask_storeu_ps(images + place * kernel.out + out, mask,
                              _mm512_load_ps(sums.data() + p * kHalf));
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
  for (std::int64_t channel = 0; channel < channels; channel += kTileChannels) {
    const std::uint16_t* plane = rows + channel * row_places(grid);
    std::uint16_t* low = pairs + channel / kHalf * 2 * half_size;
    std::uint16_t* high = low + 2 * half_size;
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

void multiply_channels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* columns,
                       const std::uint16_t* pairs, std::int64_t first_in, std::int64_t first_out,
                       float* gradient) {
  constexpr std::int64_t kChunkSteps = 12;  // whose pixels of 16 inputs and outputs the L1 holds
  const std::int64_t taps = kernel.taps();
  const std::int64_t groups = (taps + kSumsAtOnce - 1) / kSumsAtOnce;
  const std::int64_t in_halves = halves(std::min(kInputsAtOnce, kernel.in - first_in));
  const std::int64_t out_halves = halves(std::min(kOutputsAtOnce, kernel.out - first_out));
  const std::int64_t half_size = pixel_pairs(grid) * kTileChannels;
  // [out / 16][in / 16][taps, whole groups][16 outputs][16 inputs]
  const std::int64_t block = groups * kSumsAtOnce * kSums;
  std::vector<float> sums(static_cast<std::size_t>(out_halves * in_halves * block));
  const auto sums_of = [&](std::int64_t out, std::int64_t in) {
    return sums.data() + (out * in_halves + in) * block;
  };
  Tiles tiles;
  for (std::int64_t chunk = 0; chunk < channel_steps(grid); chunk += kChunkSteps) {
    const std::int64_t steps = std::min(kChunkSteps, channel_steps(grid) - chunk);
    for (std::int64_t in = 0; in < in_halves; ++in) {
      const std::uint16_t* in_pairs = pairs + (first_in / kHalf + in) * 2 * half_size;
      // Where a tap's pairs of pixels begin; beyond the last tap, the last one's again.
      const auto begin = [&](std::int64_t tap) {
        const std::int64_t place = pixel_rows_lead(grid) + chunk * kTilePixels +
                                   tap_offset(grid, kernel.side, std::min(tap, taps - 1));
        return in_pairs + place % 2 * half_size + place / 2 * kTileChannels;
      };
      for (std::int64_t out = 0; out < out_halves; ++out) {
        const std::uint16_t* column =
            columns + ((first_out / kHalf + out) * channel_steps(grid) + chunk) * kTileValues;
        for (std::int64_t group = 0; group < groups; ++group) {
          const std::int64_t tap = group * kSumsAtOnce;
          const std::array<const std::uint16_t*, kSumsAtOnce> pair{begin(tap), begin(tap + 1),
                                                                   begin(tap + 2)};
          float* group_sums = sums_of(out, in) + tap * kSums;
          tiles.load_sums(group_sums);
          for (std::int64_t step = 0; step < steps; ++step) {
            const std::int64_t at = step * kTileValues;
            tiles.multiply_columns(column + at, {pair[0] + at, pair[1] + at, pair[2] + at});
          }
          tiles.store_sums(group_sums);
        }
      }
    }
  }
  const std::int64_t inputs = std::min(kInputsAtOnce, kernel.in - first_in);
  const std::int64_t outputs = std::min(kOutputsAtOnce, kernel.out - first_out);
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t i = 0; i < inputs; ++i) {
      const float* from = sums_of(o / kHalf, i / kHalf) + o % kHalf * kHalf + i % kHalf;
      float* to = gradient + ((first_out + o) * kernel.in + first_in + i) * taps;
      for (std::int64_t tap = 0; tap < taps; ++tap) to[tap] = from[tap * kSums];
    }
  }
}

#pragma GCC pop_options
#else

bool amx_conv_available() {
  return false;
}
void fill_zeros(const PixelGrid&, std::int64_t, std::uint16_t*) {}
void fill_rows(const PixelGrid&, std::int64_t, const float*, std::int64_t, std::int64_t,
               std::uint16_t*) {}
void pack_kernel(const TapKernel&, const float*, bool, std::int64_t, std::int64_t, std::uint16_t*) {
}
void multiply_pixels(const PixelGrid&, const TapKernel&, const std::uint16_t*, const std::uint16_t*,
                     std::int64_t, float*) {}
void fill_columns(const PixelGrid&, std::int64_t, const std::uint16_t*, std::int64_t, std::int64_t,
                  std::uint16_t*) {}
void fill_pairs(const PixelGrid&, std::int64_t, const std::uint16_t*, std::int64_t, std::int64_t,
                std::uint16_t*) {}
void multiply_channels(const PixelGrid&, const TapKernel&, const std::uint16_t*,
                       const std::uint16_t*, std::int64_t, std::int64_t, float*) {}

#endif

}  // namespace gibbon::train
