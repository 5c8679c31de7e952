#include "gibbon/sim/crossbar/fast_kernel.hpp"

#include <bit>

#include "gibbon/sim/crossbar/pixel_tiles.hpp"

namespace gibbon::sim {

namespace {

TileKernel tile_kernel_for(const CrossbarLayer& layer, Isa isa) {
  if (isa == Isa::kAmx) return amx_tile_kernel();
  if (isa == Isa::kAvx512Vnni) return avx512_tile_kernel();
  // AVX2 adds two products in 16 bits.
  const bool pairs_fit = layer.dac_bits <= 6 && layer.cell_bits <= 6;
  if (isa == Isa::kAvx2 && pairs_fit) return avx2_tile_kernel();
  return portable_tile_kernel();
}

/// Hands the pixels of all images to a tile kernel.
class FastKernel final : public CrossbarKernel {
 public:
  FastKernel(const CrossbarLayer& layer, TileKernel kernel)
      : kernel_(kernel),
        tiles_(layer, kernel_.pixels),
        plan_(make_tile_plan(layer, tiles_)),
        adc_(layer.adc),
        output_limit_(layer.input_limit()) {
    kernel_.arrange(layer, plan_);
  }

  void run(const float* input, int images, float* output) const override {
    const std::vector<std::int16_t> padded = tiles_.pad(input, images);
    TileBuffers buffers(plan_, kernel_.pixels);
    tiles_.for_each(images, [&](const std::int32_t* offsets, int first, int count) {
      kernel_.run(plan_, padded.data(), offsets, buffers);
      tiles_.write(buffers.sums.data(), first, count, output,
                   [&](const std::int32_t* sums, int run, float* to) { finish(sums, run, to); });
    });
  }

 private:
  void finish(const std::int32_t* sums, int count, float* output) const {
    // Copies: else the compiler takes them for changed by the outputs, and does not vectorise.
    const AdcTransfer adc = adc_;
    const float limit = output_limit_;
    const float unit = plan_.unit;
    if (plan_.epilogue == Epilogue::kInteger) {
      for (int p = 0; p < count; ++p) {
        const float value = adc.ideal(static_cast<float>(sums[p]));
        output[p] = finish_output(value, limit, adc.output_range);
      }
      return;
    }
    for (int p = 0; p < count; ++p) {
      const auto value = std::bit_cast<float>(sums[p]);
      output[p] = finish_output(value * unit, limit, adc.output_range);
    }
  }

  TileKernel kernel_;
  PixelTiles tiles_;
  TilePlan plan_;
  AdcTransfer adc_;
  float output_limit_;
};

}  // namespace

bool fast_kernels_can_run(const CrossbarLayer& layer) {
  return layer.dac_bits <= 7 && layer.cell_bits <= 7;
}

std::unique_ptr<CrossbarKernel> make_fast_kernel(const CrossbarLayer& layer, Isa isa) {
  return make_fast_kernel(layer, tile_kernel_for(layer, isa));
}

std::unique_ptr<CrossbarKernel> make_fast_kernel(const CrossbarLayer& layer, TileKernel kernel) {
  return std::make_unique<FastKernel>(layer, kernel);
}

}  // namespace gibbon::sim
