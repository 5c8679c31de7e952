#include "gibbon/sim/nonideal/nonideal_kernel.hpp"

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/crossbar/pixel_tiles.hpp"
#include "gibbon/sim/nonideal/device_planes.hpp"

namespace gibbon::sim {

namespace {

constexpr int kPixels = 32;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define GIBBON_COLUMN_TARGET(name) __attribute__((target(name), optimize("fp-contract=off")))
#define GIBBON_INLINE inline __attribute__((always_inline))
#else
#define GIBBON_COLUMN_TARGET(name)
#define GIBBON_INLINE inline
#endif

/// Sums of one column for kPixels pixels: sum over rows of digits[row][pixel] * weights[row]. The
/// same roundings on every instruction set: products and sums are never fused.
GIBBON_INLINE void add_rows(const float* digits, const float* weights, std::size_t rows,
                            float* sums) {
  float local[kPixels] = {};
  for (std::size_t r = 0; r < rows; ++r, digits += kPixels) {
    for (int p = 0; p < kPixels; ++p) local[p] += digits[p] * weights[r];
  }
  std::copy_n(local, kPixels, sums);
}

using ColumnFunction = void (*)(const float*, const float*, std::size_t, float*);

void column_portable(const float* digits, const float* weights, std::size_t rows, float* sums) {
  add_rows(digits, weights, rows, sums);
}
GIBBON_COLUMN_TARGET("avx2")
void column_avx2(const float* digits, const float* weights, std::size_t rows, float* sums) {
  add_rows(digits, weights, rows, sums);
}
GIBBON_COLUMN_TARGET("avx512f,prefer-vector-width=512")
void column_avx512(const float* digits, const float* weights, std::size_t rows, float* sums) {
  add_rows(digits, weights, rows, sums);
}

ColumnFunction column_for(Isa isa) {
  isa = resolve_isa(isa);
  if (isa == Isa::kAmx || isa == Isa::kAvx512Popcnt || isa == Isa::kAvx512Vnni) {
    return column_avx512;
  }
  if (isa == Isa::kAvx2) return column_avx2;
  return column_portable;
}

/// What the columns read for one digit of the block's weights.
std::vector<float> column_plane(const CrossbarLayer& layer, const RowBlock& block,
                                std::uint64_t index, int part, const hw::Device& device,
                                DeviceModel model, std::uint64_t seed) {
  const auto plane = [&](int sign, const char* label) {
    std::vector<int> digits;
    for (const int weight : block.weights) {
      const int digit = signed_digit(weight, part, layer.cell_bits);
      digits.push_back(sign == 0 ? digit : std::max(digit * sign, 0));
    }
    return device_plane(digits, device, model,
                        DeviceStreams::forked(seed, "device/" + layer.name + label, index));
  };
  if (layer.polarity == 1) return plane(0, "/signed");
  std::vector<float> values = plane(1, "/positive");
  const std::vector<float> negative = plane(-1, "/negative");
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= negative[i];
  return values;
}

class NonidealKernel final : public CrossbarKernel {
 public:
  NonidealKernel(const CrossbarLayer& layer, const hw::Device& device, DeviceModel model,
                 std::uint64_t seed, Isa isa)
      : layer_(layer), tiles_(layer, kPixels), column_(column_for(isa)) {
    for (const RowBlock& block : layer_.blocks) {
      for (int j = 0; j < layer_.parts; ++j) {
        planes_.push_back(column_plane(layer_, block, planes_.size(), j, device, model, seed));
      }
    }
  }

  void run(const float* input, int images, float* output) const override {
    const std::vector<std::int16_t> padded = tiles_.pad(input, images);
    std::vector<float> sums(static_cast<std::size_t>(layer_.out_channels * kPixels));
    tiles_.for_each(images, [&](const std::int32_t* offsets, int first, int count) {
      std::fill(sums.begin(), sums.end(), 0.0F);
      for (std::size_t b = 0; b < layer_.blocks.size(); ++b) {
        add_block(padded.data(), offsets, b, sums.data());
      }
      tiles_.write(sums.data(), first, count, output, [&](const float* from, int run, float* to) {
        std::transform(from, from + run, to, [&](float sum) { return layer_.finish(sum); });
      });
    });
  }

 private:
  void add_block(const std::int16_t* images, const std::int32_t* offsets, std::size_t index,
                 float* sums) const {
    const RowBlock& block = layer_.blocks[index];
    const std::size_t rows = block.rows.size();
    std::vector<float> digits(rows * kPixels);
    float column[kPixels];
    for (int i = 0; i < layer_.cycles; ++i) {
      for (std::size_t r = 0; r < rows; ++r) {
        const std::int16_t* row = images + tiles_.row_offset(block.rows[r]);
        for (std::size_t p = 0; p < kPixels; ++p) {
          digits[r * kPixels + p] =
              static_cast<float>(signed_digit(row[offsets[p]], i, layer_.dac_bits));
        }
      }
      for (int j = 0; j < layer_.parts; ++j) {
        const float* weights =
            planes_[index * static_cast<std::size_t>(layer_.parts) + static_cast<std::size_t>(j)]
                .data();
        const float down = power_of_two(layer_.adc.top_shift - layer_.shift(i, j));
        float* output = sums + block.first_output * kPixels;
        for (int o = 0; o < block.output_count; ++o, weights += rows, output += kPixels) {
          column_(digits.data(), weights, rows, column);
          for (int p = 0; p < kPixels; ++p) output[p] += layer_.adc.convert(column[p]) / down;
        }
      }
    }
  }

  CrossbarLayer layer_;
  PixelTiles tiles_;
  ColumnFunction column_;
  std::vector<std::vector<float>> planes_;  ///< [block, weight digit] of [output, row]
};

}  // namespace

std::unique_ptr<CrossbarKernel> make_nonideal_kernel(const CrossbarLayer& layer,
                                                     const hw::Device& device, DeviceModel model,
                                                     std::uint64_t seed, Isa isa) {
  if (layer.adc.mode == AdcMode::kIdeal) {
    throw base::Error("device non-idealities need crossbars: not with the ideal mode");
  }
  return std::make_unique<NonidealKernel>(layer, device, model, seed, isa);
}

}  // namespace gibbon::sim
