#include "gibbon/train/trainers/amx_conv_kernels.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "gibbon/base/processor.hpp"
#include "gibbon/base/vector_intrinsics.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"

namespace gibbon::train {

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

constexpr std::int64_t kHalf = sim::kAmxRows;  // rows of a register, its columns of 32 bits
constexpr std::int64_t kSums = 256;            // float32 values of a register
constexpr std::int64_t kSumsAtOnce = 3;        // registers of them, see Tiles

std::int64_t halves(std::int64_t channels) {
  return (channels + kHalf - 1) / kHalf;
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
  PixelPlaces(const PixelGrid& grid, const Lattice& lattice, std::int64_t pixel)
      : grid_(grid),
        lattice_(lattice),
        x_(pixel % grid.pitch()),
        y_(pixel / grid.pitch() % (grid.height + grid.ring)),
        image_(pixel / grid.pitch() / (grid.height + grid.ring)) {}

  std::int64_t next() {
    const bool inside = x_ < grid_.width && y_ < grid_.height && image_ < grid_.count;
    const std::int64_t row = (image_ * grid_.height + y_) * lattice_.stride + lattice_.row;
    const std::int64_t column = x_ * lattice_.stride + lattice_.column;
    const std::int64_t place =
        inside ? row * grid_.width * lattice_.stride + column : std::int64_t{-1};
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
  const Lattice& lattice_;
  std::int64_t x_;
  std::int64_t y_;
  std::int64_t image_;
};

}  // namespace

void multiply_pixels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* rows,
                     const std::uint16_t* packed, std::int64_t first, const Lattice& lattice,
                     float* images) {
  constexpr std::int64_t kStep = kSumsAtOnce * kHalf;
  static_assert(kPixelsAtOnce % kStep == 0);
  const std::int64_t last = std::min(first + kPixelsAtOnce, grid.pixels());
  std::array<std::int64_t, kPixelsAtOnce> places;
  PixelPlaces walk(grid, lattice, first);
  for (std::int64_t& place : places) place = walk.next();
  std::vector<std::int64_t> tap_values;  // where each tap's pixels begin in a block of 32 channels
  for (const Tap& tap : kernel.taps) {
    tap_values.push_back((tap.phase * row_places(grid) + tap.distance) * kTileChannels);
  }
  const auto taps = static_cast<std::int64_t>(tap_values.size());
  alignas(64) std::array<float, kSumsAtOnce * kSums> sums;
  Tiles tiles;
  for (std::int64_t out = 0; out < kernel.out; out += kHalf) {
    const std::uint16_t* columns = packed + out * taps * whole_tiles(kernel.in);
    const auto mask = static_cast<__mmask16>((1U << std::min(kHalf, kernel.out - out)) - 1);
    for (std::int64_t pixel = first; pixel < last; pixel += kStep) {
      tiles.zero();
      const std::uint16_t* column = columns;
      for (std::int64_t in = 0; in < kernel.in; in += kTileChannels) {
        const std::uint16_t* block = rows + in * grid.phases() * row_places(grid) +
                                     (pixel_rows_lead(grid) + pixel) * kTileChannels;
        for (const std::int64_t begin : tap_values) {
          const std::uint16_t* row = block + begin;
          tiles.multiply_rows({row, row + kTileValues, row + 2 * kTileValues}, column);
          column += kTileValues;
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

void multiply_channels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* columns,
                       const std::uint16_t* pairs, std::int64_t first_in, std::int64_t first_out,
                       float* gradient) {
  constexpr std::int64_t kChunkSteps = 12;  // whose pixels of 16 inputs and outputs the L1 holds
  const auto taps = static_cast<std::int64_t>(kernel.taps.size());
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
      const std::uint16_t* in_pairs =
          pairs + (first_in / kHalf + in) * grid.phases() * 2 * half_size;
      // Where a tap's pairs of pixels begin; beyond the last tap, the last one's again.
      const auto begin = [&](std::int64_t number) {
        const Tap& tap = kernel.taps[static_cast<std::size_t>(std::min(number, taps - 1))];
        const std::int64_t place = pixel_rows_lead(grid) + chunk * kTilePixels + tap.distance;
        return in_pairs + (2 * tap.phase + place % 2) * half_size + place / 2 * kTileChannels;
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
  const std::int64_t outputs = std::min(kOutputsAtOnce, kernel.out - first_out);
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t half = 0; half < in_halves; ++half) {
      const std::int64_t i = first_in + half * kHalf;
      const auto mask = static_cast<__mmask16>((1U << std::min(kHalf, kernel.in - i)) - 1);
      const float* from = sums_of(o / kHalf, half) + o % kHalf * kHalf;
      float* to = gradient + (first_out + o) * taps * kernel.in + i;
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        _mm512_mask_storeu_ps(to + tap * kernel.in, mask, _mm512_loadu_ps(from + tap * kSums));
      }
    }
  }
}

#pragma GCC pop_options
#else

bool amx_conv_available() {
  return false;
}
void multiply_pixels(const PixelGrid&, const TapKernel&, const std::uint16_t*, const std::uint16_t*,
                     std::int64_t, const Lattice&, float*) {}
void multiply_channels(const PixelGrid&, const TapKernel&, const std::uint16_t*,
                       const std::uint16_t*, std::int64_t, std::int64_t, float*) {}

#endif

}  // namespace gibbon::train
