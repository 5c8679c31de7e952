#include "gibbon/sim/crossbar/amx_pair_kernel.hpp"

#include <utility>

namespace gibbon::sim {

namespace {

class AmxPairKernel final : public IntegerSumKernel {
 public:
  AmxPairKernel(const CrossbarLayer& layer, AmxPairPlan plan, AmxPairFunction function,
                KernelMaker general)
      : IntegerSumKernel(layer, kAmxPixels, plan.unit, std::move(general)),
        plan_(std::move(plan)),
        function_(function) {}

 private:
  bool run_exact(const std::vector<std::int16_t>& padded, int images,
                 float* output) const override {
    // Eight cycles at most: the integers fit bytes.
    std::vector<std::uint8_t> bytes(padded.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(padded[i]);
    AmxPairBuffers buffers(plan_);
    bool exact = true;
    tiles().for_each(images, [&](const std::int32_t* offsets, int first, int count) {
      exact = exact && function_(plan_, bytes.data(), offsets, buffers);
      if (exact) write(buffers.sums, first, count, output);
    });
    return exact;
  }

  AmxPairPlan plan_;
  AmxPairFunction function_;
};

}  // namespace

AmxPairBuffers::AmxPairBuffers(const AmxPairPlan& plan) {
  const auto pairs = static_cast<std::size_t>(plan.pairs);
  digits.resize(pairs * static_cast<std::size_t>(plan.max_quads));
  for (auto& slot : columns) {
    slot.resize(static_cast<std::size_t>(plan.max_segments) * pairs * kAmxRows);
  }
  codes.resize(kAmxRows);
  sums.resize(static_cast<std::size_t>(plan.out_channels) * kAmxPixels);
}

std::unique_ptr<CrossbarKernel> make_amx_pair_kernel(const CrossbarLayer& layer,
                                                     AmxPairFunction function,
                                                     KernelMaker general) {
  std::optional<AmxPairPlan> plan = make_amx_pair_plan(layer, PixelTiles(layer, 1));
  if (!plan) return general(layer);
  return std::make_unique<AmxPairKernel>(layer, std::move(*plan), function, std::move(general));
}

}  // namespace gibbon::sim
