#include "gibbon/sim/crossbar/bit_plane_kernel.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "gibbon/sim/crossbar/bit_plane_tile.hpp"

namespace gibbon::sim {

namespace {

class BitPlaneKernel final : public CrossbarKernel {
 public:
  BitPlaneKernel(const CrossbarLayer& layer, BitPlan plan, KernelMaker general)
      : plan_(std::move(plan)),
        tiles_(layer, bit_tile_pixels(plan_)),
        layer_(layer),
        make_general_(std::move(general)) {}

  void run(const float* input, int images, float* output) const override {
    const std::vector<std::int16_t> padded = tiles_.pad(input, images);
    const bool negative = std::any_of(padded.begin(), padded.end(), [](int x) { return x < 0; });
    if (negative || !count_bits(joined(padded, images), images, output)) {
      std::call_once(general_made_, [this] { general_ = make_general_(layer_); });
      general_->run(input, images, output);
    }
  }

 private:
  /// [images][bytes of the plan][padded pixels].
  std::vector<std::uint64_t> joined(const std::vector<std::int16_t>& padded, int images) const {
    const int pixels = tiles_.padded_size();
    std::vector<std::uint64_t> words(static_cast<std::size_t>(images) * plan_.bytes.size() *
                                     static_cast<std::size_t>(pixels));
    std::uint64_t* to = words.data();
    for (int image = 0; image < images; ++image) {
      const std::int16_t* from =
          padded.data() + static_cast<long>(image) * layer_.in_channels * pixels;
      for (const ChannelByte& byte : plan_.bytes) {
        std::array<const std::int16_t*, 8> channels{};
        for (std::size_t c = 0; c < byte.size(); ++c) {
          channels[c] = from + static_cast<long>(byte[c]) * pixels;
        }
        join_bits(channels.data(), static_cast<int>(byte.size()), pixels, to);
        to += pixels;
      }
    }
    return words;
  }

  /// False, with some of the output written, where a sum left the range of exact float32 integers.
  bool count_bits(const std::vector<std::uint64_t>& words, int images, float* output) const {
    BitBuffers buffers(plan_);
    bool exact = true;
    tiles_.for_each(images, static_cast<int>(plan_.bytes.size()),
                    [&](const std::int32_t* offsets, int first, int count) {
                      exact = exact && run_bit_tile(plan_, words.data(), offsets, buffers);
                      if (exact) write(buffers, first, count, output);
                    });
    return exact;
  }

  void write(const BitBuffers& buffers, int first, int count, float* output) const {
    const float limit = layer_.input_limit();
    tiles_.write(buffers.sums.data(), first, count, output,
                 [&](const std::int32_t* sums, int run, float* to) {
                   for (int p = 0; p < run; ++p) {
                     const float value = static_cast<float>(sums[p]) * plan_.unit;
                     to[p] = finish_output(value, limit, layer_.adc.output_range);
                   }
                 });
  }

  BitPlan plan_;
  PixelTiles tiles_;
  CrossbarLayer layer_;
  KernelMaker make_general_;
  mutable std::once_flag general_made_;
  mutable std::unique_ptr<CrossbarKernel> general_;
};

}  // namespace

std::unique_ptr<CrossbarKernel> make_bit_plane_kernel(const CrossbarLayer& layer,
                                                      KernelMaker general) {
  std::optional<BitPlan> plan = make_bit_plan(layer, PixelTiles(layer, 1));
  if (!plan) return general(layer);
  return std::make_unique<BitPlaneKernel>(layer, std::move(*plan), std::move(general));
}

}  // namespace gibbon::sim
