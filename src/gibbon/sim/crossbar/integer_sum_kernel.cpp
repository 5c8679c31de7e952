#include "gibbon/sim/crossbar/integer_sum_kernel.hpp"

#include <algorithm>
#include <utility>

namespace gibbon::sim {

IntegerSumKernel::IntegerSumKernel(const CrossbarLayer& layer, int tile_pixels, float unit,
                                   KernelMaker general)
    : layer_(layer), tiles_(layer, tile_pixels), unit_(unit), make_general_(std::move(general)) {}

void IntegerSumKernel::run(const float* input, int images, float* output) const {
  const std::vector<std::int16_t> padded = tiles_.pad(input, images);
  const bool negative = std::any_of(padded.begin(), padded.end(), [](int x) { return x < 0; });
  if (!negative && run_exact(padded, images, output)) return;
  std::call_once(general_made_, [this] { general_ = make_general_(layer_); });
  general_->run(input, images, output);
}

void IntegerSumKernel::write(const std::vector<std::int32_t>& sums, int first, int count,
                             float* output) const {
  // Copies: else the compiler takes them for changed by the outputs, and does not vectorise.
  const auto finish = [unit = unit_, limit = layer_.input_limit(), range = layer_.adc.output_range](
                          const std::int32_t* from, int run, float* to) {
    for (int p = 0; p < run; ++p) {
      to[p] = finish_output(static_cast<float>(from[p]) * unit, limit, range);
    }
  };
  tiles_.write(sums.data(), first, count, output, finish);
}

}  // namespace gibbon::sim
