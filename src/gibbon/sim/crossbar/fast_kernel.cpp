#include "gibbon/sim/crossbar/fast_kernel.hpp"

#include <algorithm>
#include <cstring>

#include "gibbon/sim/crossbar/tile_plan.hpp"

namespace gibbon::sim {

namespace {

TileKernel tile_kernel_for(const CrossbarLayer& layer, Isa isa) {
  if (isa == Isa::kAvx512Vnni) return avx512_tile_kernel();
  // AVX2 adds two products in 16 bits.
  const bool pairs_fit = layer.dac_bits <= 6 && layer.cell_bits <= 6;
  if (isa == Isa::kAvx2 && pairs_fit) return avx2_tile_kernel();
  return portable_tile_kernel();
}

/// Cuts the pixels of all images, in one row, into tiles.
class FastKernel final : public CrossbarKernel {
 public:
  FastKernel(CrossbarLayer layer, Isa isa)
      : layer_(std::move(layer)),
        plan_(make_tile_plan(layer_)),
        kernel_(tile_kernel_for(layer_, isa)) {
    layer_.blocks.clear();  // packed in the plan
  }

  void run(const float* input, int images, float* output) const override {
    const std::vector<std::int16_t> padded = pad_images(input, images);
    const auto pixels = static_cast<std::size_t>(kernel_.pixels);
    const auto quad_bytes = static_cast<std::size_t>(plan_.max_quads) * 4 * pixels;
    TileBuffers buffers{
        std::vector<std::int16_t>(quad_bytes),
        std::vector<std::uint8_t>(quad_bytes * static_cast<std::size_t>(plan_.cycles)),
        std::vector<std::int32_t>(static_cast<std::size_t>(plan_.out_channels) * pixels)};
    std::vector<std::int32_t> offsets(pixels);
    const int total = images * layer_.pixels();
    for (int first = 0; first < total; first += kernel_.pixels) {
      const int count = std::min(kernel_.pixels, total - first);
      for (int p = 0; p < kernel_.pixels; ++p) {
        offsets[static_cast<std::size_t>(p)] = corner_of(first + std::min(p, count - 1));
      }
      kernel_.run(plan_, padded.data(), offsets.data(), buffers);
      write_outputs(buffers, first, count, output);
    }
  }

 private:
  int padded_size() const { return plan_.padded_height * plan_.padded_width; }

  std::vector<std::int16_t> pad_images(const float* input, int images) const {
    const int planes = images * layer_.in_channels;
    std::vector<std::int16_t> padded(static_cast<std::size_t>(planes) *
                                     static_cast<std::size_t>(padded_size()));
    const auto width = static_cast<std::size_t>(layer_.in_width);
    if (layer_.padding == 0) {
      quantize_input(layer_, input, padded.size(), padded.data());
      return padded;
    }
    for (int plane = 0; plane < planes; ++plane) {
      std::int16_t* to = padded.data() + plane * padded_size() +
                         layer_.padding * plan_.padded_width + layer_.padding;
      for (int y = 0; y < layer_.in_height; ++y, to += plan_.padded_width, input += width) {
        quantize_input(layer_, input, width, to);
      }
    }
    return padded;
  }

  /// Where the window of a pixel, counted over all images, begins in the padded images.
  std::int32_t corner_of(int pixel) const {
    const int image = pixel / layer_.pixels();
    const int y = pixel % layer_.pixels() / layer_.out_width;
    const int x = pixel % layer_.out_width;
    return image * layer_.in_channels * padded_size() + y * layer_.stride * plan_.padded_width +
           x * layer_.stride;
  }

  void write_outputs(const TileBuffers& buffers, int first, int count, float* output) const {
    const int pixels = layer_.pixels();
    for (int done = 0; done < count;) {
      const int image = (first + done) / pixels;
      const int position = (first + done) % pixels;
      const int run = std::min(count - done, pixels - position);
      float* to = output + static_cast<long>(image) * layer_.out_channels * pixels + position;
      const std::int32_t* sums = buffers.sums.data() + done;
      for (int o = 0; o < layer_.out_channels; ++o, to += pixels, sums += kernel_.pixels) {
        finish_run(sums, run, to);
      }
      done += run;
    }
  }

  /// CrossbarLayer::finish of a run of sums, in a form that vectorises.
  void finish_run(const std::int32_t* sums, int count, float* output) const {
    constexpr float kRounder = 12582912.0F;
    const float limit = layer_.input_limit();
    const bool integers = plan_.epilogue == Epilogue::kInteger;
    for (int p = 0; p < count; ++p) {
      float value = 0;
      if (integers) {
        value = layer_.adc.ideal(static_cast<float>(sums[p]));
      } else {
        std::memcpy(&value, sums + p, sizeof(value));
        value *= plan_.unit;
      }
      const float code = std::min(std::max(value * limit, -limit), limit);
      output[p] = ((code + kRounder) - kRounder) * layer_.adc.output_range / limit;
    }
  }

  CrossbarLayer layer_;
  TilePlan plan_;
  TileKernel kernel_;
};

}  // namespace

bool fast_kernels_can_run(const CrossbarLayer& layer) {
  return layer.dac_bits <= 7 && layer.cell_bits <= 7;
}

std::unique_ptr<CrossbarKernel> make_fast_kernel(CrossbarLayer layer, Isa isa) {
  return std::make_unique<FastKernel>(std::move(layer), isa);
}

}  // namespace gibbon::sim
