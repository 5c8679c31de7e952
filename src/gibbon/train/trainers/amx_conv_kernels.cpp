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

/// Distance of a tap from its output in the sequence of pixels.
std::int64_t tap_offset(const PixelGrid& grid, std::int64_t side, std::int64_t tap) {
  return (tap / side - side / 2) * grid.pitch() + tap % side - side / 2;
}

}  // namespace

std::int64_t whole_tiles(std::int64_t channels) {
  return (channels + kTileChannels - 1) / kTileChannels * kTileChannels;
}

std::int64_t pixel_rows_lead(const PixelGrid& grid) {
  return grid.reach() + kPixelsAtOnce;
}

std::int64_t pixel_rows_size(const PixelGrid& grid, std::int64_t channels) {
  return (grid.pixels() + 2 * pixel_rows_lead(grid)) * whole_tiles(channels);
}

std::int64_t packed_kernel_size(const TapKernel& kernel) {
  return kernel.taps() * whole_tiles(kernel.in) * whole_tiles(kernel.out);
}

std::int64_t column_pitch(const PixelGrid& grid) {
  constexpr std::int64_t kLine = 32;  // values of a cache line; an odd number of them spreads rows
  const std::int64_t size = grid.pixels() + 2 * pixel_rows_lead(grid);
  return (size / kLine + 1) / 2 * 2 * kLine + kLine;
}

std::int64_t pairs_size(const PixelGrid& grid, std::int64_t channels) {
  return (grid.pixels() + kPixelsAtOnce) / 2 * 2 * whole_tiles(channels);
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

std::uint16_t rounded(float value) {
  const __m128bh both = _mm_cvtneps_pbh(_mm_set_ss(value));
  return static_cast<std::uint16_t>(_mm_extract_epi16(reinterpret_cast<__m128i>(both), 0));
}

/// `count` values, and zeros up to `padded`, which is whole tiles.
void round_row(const float* from, std::int64_t count, std::int64_t padded, std::uint16_t* to) {
  for (std::int64_t first = 0; first < padded; first += kHalf) {
    const std::int64_t rest = std::clamp<std::int64_t>(count - first, 0, kHalf);
    const auto mask = static_cast<__mmask16>((1U << rest) - 1);
    const __m512 values = _mm512_maskz_loadu_ps(mask, from + first);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + first),
                        reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
  }
}

#include "gibbon/sim/crossbar/amx_registers.inc"

/// The registers, all of one shape, while this lives: 0 to 3 sums, 4 and 5 rows, 6 and 7 columns.
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
    registers_.zero<3>();
  }
  /// Sums of 2 x 2 registers, one behind the other in memory.
  void load_sums(const float* from) {
    registers_.load<0>(from, kRowBytes);
    registers_.load<1>(from + kSums, kRowBytes);
    registers_.load<2>(from + 2 * kSums, kRowBytes);
    registers_.load<3>(from + 3 * kSums, kRowBytes);
  }
  void store_sums(float* to) {
    registers_.store<0>(to, kRowBytes);
    registers_.store<1>(to + kSums, kRowBytes);
    registers_.store<2>(to + 2 * kSums, kRowBytes);
    registers_.store<3>(to + 3 * kSums, kRowBytes);
  }
  /// sums += rows * columns; the second register of rows lies 16 rows behind the first.
  void multiply(const std::uint16_t* rows, std::ptrdiff_t row_bytes, const std::uint16_t* first,
                const std::uint16_t* second, std::ptrdiff_t column_bytes) {
    registers_.load<4>(rows, row_bytes);
    registers_.load<6>(first, column_bytes);
    dot<0, 4, 6>();
    registers_.load<7>(second, column_bytes);
    dot<1, 4, 7>();
    registers_.load<5>(reinterpret_cast<const char*>(rows) + kHalf * row_bytes, row_bytes);
    dot<2, 5, 6>();
    dot<3, 5, 7>();
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

/// Of 2 x 2 registers of sums: row `row` of 32, columns 0 to 15 or 16 to 31.
const float* sums_row(const float* sums, std::int64_t row, std::int64_t half) {
  return sums + (row / kHalf * 2 + half) * kSums + row % kHalf * kHalf;
}

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
  const std::int64_t padded = whole_tiles(channels);
  const std::int64_t lead = pixel_rows_lead(grid);
  const auto clear = [&](std::int64_t first, std::int64_t last) {
    std::memset(rows + first * padded, 0,
                static_cast<std::size_t>((last - first) * padded) * sizeof(std::uint16_t));
  };
  std::int64_t end = 0;  // of what is written or will be
  for (std::int64_t row = 0; row < grid.count * grid.height; ++row) {
    const std::int64_t first = lead + grid.first_of_row(row);
    clear(end, first);
    end = first + grid.width;
  }
  clear(end, grid.pixels() + 2 * lead);
}

void fill_rows(const PixelGrid& grid, std::int64_t channels, const float* images,
               std::int64_t first, std::int64_t last, std::uint16_t* rows) {
  const std::int64_t padded = whole_tiles(channels);
  for (std::int64_t row = first; row < last; ++row) {
    const float* from = images + row * grid.width * channels;
    std::uint16_t* to = rows + (pixel_rows_lead(grid) + grid.first_of_row(row)) * padded;
    for (std::int64_t x = 0; x < grid.width; ++x) {
      round_row(from + x * channels, channels, padded, to + x * padded);
    }
  }
}

/// [32 outputs][tap][32 inputs][16 outputs or the other 16] registers of [input pair][output][2].
void pack_kernel(const TapKernel& kernel, const float* values, bool turned, std::uint16_t* packed) {
  const std::int64_t out = turned ? kernel.in : kernel.out;
  const std::int64_t in = turned ? kernel.out : kernel.in;
  const std::int64_t taps = kernel.taps();
  const auto value = [&](std::int64_t o, std::int64_t i, std::int64_t tap) {
    if (o >= out || i >= in) return std::uint16_t{0};
    const std::int64_t at =
        turned ? (i * out + o) * taps + (taps - 1 - tap) : (o * in + i) * taps + tap;
    return rounded(values[at]);
  };
  std::uint16_t* to = packed;
  for (std::int64_t first_out = 0; first_out < out; first_out += kTileChannels) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t first_in = 0; first_in < in; first_in += kTileChannels) {
        for (std::int64_t half = 0; half < 2; ++half) {
          for (std::int64_t pair = 0; pair < kHalf; ++pair) {
            for (std::int64_t o = 0; o < kHalf; ++o) {
              *to++ = value(first_out + half * kHalf + o, first_in + 2 * pair, tap);
              *to++ = value(first_out + half * kHalf + o, first_in + 2 * pair + 1, tap);
            }
          }
        }
      }
    }
  }
}

void multiply_pixels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* rows,
                     const std::uint16_t* packed, std::int64_t first, float* images) {
  const std::int64_t padded = whole_tiles(kernel.in);
  const std::ptrdiff_t row_bytes = padded * static_cast<std::ptrdiff_t>(sizeof(std::uint16_t));
  const std::int64_t last = std::min(first + kPixelsAtOnce, grid.pixels());
  std::array<std::int64_t, kPixelsAtOnce> places;
  PixelPlaces walk(grid, first);
  for (std::int64_t& place : places) place = walk.next();
  alignas(64) float sums[4 * kSums];
  Tiles tiles;
  for (std::int64_t out = 0; out < kernel.out; out += kTileChannels) {
    const std::uint16_t* columns = packed + out * kernel.taps() * padded;
    for (std::int64_t pixel = first; pixel < last; pixel += kTilePixels) {
      tiles.zero();
      const std::uint16_t* column = columns;
      for (std::int64_t tap = 0; tap < kernel.taps(); ++tap) {
        const std::int64_t source =
            pixel_rows_lead(grid) + pixel + tap_offset(grid, kernel.side, tap);
        const std::uint16_t* row = rows + source * padded;
        for (std::int64_t in = 0; in < padded; in += kTileChannels) {
          tiles.multiply(row + in, row_bytes, column, column + kTileValues, 64);
          column += 2 * kTileValues;
        }
      }
      tiles.store_sums(sums);
      for (std::int64_t p = 0; p < kTilePixels; ++p) {
        const std::int64_t place = places[static_cast<std::size_t>(pixel - first + p)];
        if (place < 0) continue;
        float* to = images + place * kernel.out + out;
        for (std::int64_t half = 0; half < 2; ++half) {
          const std::int64_t rest =
              std::clamp<std::int64_t>(kernel.out - out - half * kHalf, 0, kHalf);
          const auto mask = static_cast<__mmask16>((1U << rest) - 1);
          _mm512_mask_storeu_ps(to + half * kHalf, mask, _mm512_load_ps(sums_row(sums, p, half)));
        }
      }
    }
  }
}

void fill_columns(const PixelGrid& grid, std::int64_t channels, const std::uint16_t* rows,
                  std::int64_t first_channel, std::uint16_t* columns) {
  const std::int64_t padded = whole_tiles(channels);
  const std::int64_t pitch = column_pitch(grid);
  const std::int64_t size = grid.pixels() + 2 * pixel_rows_lead(grid);
  constexpr std::int64_t kBlock = 64;
  for (std::int64_t first = 0; first < size; first += kBlock) {
    const std::int64_t count = std::min(kBlock, size - first);
    for (std::int64_t c = first_channel; c < first_channel + kTileChannels; ++c) {
      const std::uint16_t* from = rows + first * padded + c;
      std::uint16_t* to = columns + c * pitch + first;
      for (std::int64_t p = 0; p < count; ++p) to[p] = from[p * padded];
    }
  }
}

void fill_pairs(const PixelGrid& grid, std::int64_t channels, const std::uint16_t* rows,
                std::int64_t first, std::int64_t last, std::uint16_t* pairs) {
  const std::int64_t padded = whole_tiles(channels);
  const std::uint16_t* source = rows + pixel_rows_lead(grid) * padded;
  for (std::int64_t pair = first; pair < last; ++pair) {
    const std::uint16_t* even = source + 2 * pair * padded;
    const std::uint16_t* odd = even + padded;
    std::uint16_t* to = pairs + 2 * pair * padded;
    for (std::int64_t c = 0; c < padded; c += kHalf) {
      const auto wide = [&](const std::uint16_t* from) {
        return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
      };
      _mm512_storeu_si512(to + 2 * c,
                          _mm512_or_si512(wide(even + c), _mm512_slli_epi32(wide(odd + c), 16)));
    }
  }
}

void multiply_channels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* columns,
                       const std::uint16_t* pairs, std::int64_t first_in, std::int64_t first_out,
                       float* gradient) {
  constexpr std::int64_t kChunkPixels = 512;
  const std::int64_t padded_out = whole_tiles(kernel.out);
  const std::ptrdiff_t column_bytes = column_pitch(grid) * 2;
  const std::ptrdiff_t pair_bytes = padded_out * 4;
  const std::uint16_t* in = columns + first_in * column_pitch(grid) + pixel_rows_lead(grid);
  const std::uint16_t* out = pairs + 2 * first_out;
  std::vector<float> sums(static_cast<std::size_t>(kernel.taps()) * 4 * kSums);
  const auto sums_of = [&](std::int64_t tap) { return sums.data() + tap * 4 * kSums; };
  Tiles tiles;
  for (std::int64_t chunk = 0; chunk < grid.pixels(); chunk += kChunkPixels) {
    const std::int64_t end = std::min(chunk + kChunkPixels, grid.pixels());
    for (std::int64_t tap = 0; tap < kernel.taps(); ++tap) {
      const std::uint16_t* read = in + tap_offset(grid, kernel.side, tap);
      tiles.load_sums(sums_of(tap));
      for (std::int64_t pixel = chunk; pixel < end; pixel += kTilePixels) {
        const std::uint16_t* pair = out + pixel * padded_out;
        tiles.multiply(read + pixel, column_bytes, pair, pair + 2 * kHalf, pair_bytes);
      }
      tiles.store_sums(sums_of(tap));
    }
  }
  const std::int64_t inputs = std::min(kTileChannels, kernel.in - first_in);
  const std::int64_t outputs = std::min(kTileChannels, kernel.out - first_out);
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t i = 0; i < inputs; ++i) {
      float* to = gradient + ((first_out + o) * kernel.in + first_in + i) * kernel.taps();
      for (std::int64_t tap = 0; tap < kernel.taps(); ++tap) {
        to[tap] = sums_row(sums_of(tap), i, o / kHalf)[o % kHalf];
      }
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
void pack_kernel(const TapKernel&, const float*, bool, std::uint16_t*) {}
void multiply_pixels(const PixelGrid&, const TapKernel&, const std::uint16_t*, const std::uint16_t*,
                     std::int64_t, float*) {}
void fill_columns(const PixelGrid&, std::int64_t, const std::uint16_t*, std::int64_t,
                  std::uint16_t*) {}
void fill_pairs(const PixelGrid&, std::int64_t, const std::uint16_t*, std::int64_t, std::int64_t,
                std::uint16_t*) {}
void multiply_channels(const PixelGrid&, const TapKernel&, const std::uint16_t*,
                       const std::uint16_t*, std::int64_t, std::int64_t, float*) {}

#endif

}  // namespace gibbon::train
