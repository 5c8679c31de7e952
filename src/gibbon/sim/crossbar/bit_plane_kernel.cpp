#include "gibbon/sim/crossbar/bit_plane_kernel.hpp"

#include <array>
#include <utility>

#include "gibbon/sim/crossbar/bit_plane_tile.hpp"

namespace gibbon::sim {

namespace {

class BitPlaneKernel final : public IntegerSumKernel {
 public:
  BitPlaneKernel(const CrossbarLayer& layer, BitPlan plan, KernelMaker general)
      : IntegerSumKernel(layer, bit_tile_pixels(plan), plan.unit, std::move(general)),
        plan_(std::move(plan)) {}

 private:
  bool run_exact(const std::vector<std::int16_t>& padded, int images,
                 float* output) const override {
    const std::vector<std::uint64_t> words = joined(padded, images);
    BitBuffers buffers(plan_);
    bool exact = true;
    tiles().for_each(images, static_cast<int>(plan_.bytes.size()),
                     [&](const std::int32_t* offsets, int first, int count) {
                       exact = exact && run_bit_tile(plan_, words.data(), offsets, buffers);
                       if (exact) write(buffers.sums, first, count, output);
                     });
    return exact;
  }

  /// [images][bytes of the plan][padded pixels].
  std::vector<std::uint64_t> joined(const std::vector<std::int16_t>& padded, int images) const {
    const int pixels = tiles().padded_size();
    std::vector<std::uint64_t> words(static_cast<std::size_t>(images) * plan_.bytes.size() *
                                     static_cast<std::size_t>(pixels));
    std::uint64_t* to = words.data();
    for (int image = 0; image < images; ++image) {
      const std::int16_t* from =
          padded.data() + static_cast<long>(image) * layer().in_channels * pixels;
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

  BitPlan plan_;
};

}  // namespace

std::unique_ptr<CrossbarKernel> make_bit_plane_kernel(const CrossbarLayer& layer,
                                                      KernelMaker general) {
  std::optional<BitPlan> plan = make_bit_plan(layer, PixelTiles(layer, 1));
  if (!plan) return general(layer);
  return std::make_unique<BitPlaneKernel>(layer, std::move(*plan), std::move(general));
}

}  // namespace gibbon::sim
