#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "gibbon/sim/crossbar/integer_sum_kernel.hpp"
#include "sim/layer_maker.hpp"

// Layers on which every kernel is compared with the reference, and how.

namespace gibbon::sim {

inline CrossbarLayer prepare(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                             AdcMode mode = AdcMode::kScale) {
  return prepare_crossbar_layer(trained, 0, hardware, mode);
}

/// Counts how often a kernel hands images over.
class Spy final : public CrossbarKernel {
 public:
  Spy(CrossbarLayer layer, int& calls)
      : inner_(make_reference_kernel(std::move(layer))), calls_(calls) {}
  void run(const float* input, int images, float* output) const override {
    ++calls_;
    inner_->run(input, images, output);
  }

 private:
  std::unique_ptr<CrossbarKernel> inner_;
  int& calls_;
};

struct Outcome {
  std::vector<float> output;
  int handed_over = 0;
};

inline std::vector<float> run_kernel(const CrossbarKernel& kernel, const CrossbarLayer& layer,
                                     const std::vector<float>& input, int images) {
  std::vector<float> output(static_cast<std::size_t>(layer.out_channels * layer.pixels() * images));
  kernel.run(input.data(), images, output.data());
  return output;
}

inline std::vector<float> run_reference(const CrossbarLayer& layer, const std::vector<float>& input,
                                        int images) {
  return run_kernel(*make_reference_kernel(layer), layer, input, images);
}

/// Runs the kernel that `make` makes of a layer and of the maker of what it hands over to.
template <typename Make>
Outcome run_handing_over(const Make& make, const CrossbarLayer& layer,
                         const std::vector<float>& input, int images) {
  Outcome outcome;
  const auto kernel = make(layer, [&outcome](const CrossbarLayer& same) {
    return std::make_unique<Spy>(same, outcome.handed_over);
  });
  outcome.output = run_kernel(*kernel, layer, input, images);
  return outcome;
}

/// `rows` inputs to one output, weights of value 0 or +-255 on the grid 1 and 9 bits; a converter
/// of 8 bits whose code is the column's sum.
inline CrossbarLayer one_column(const std::vector<float>& weights, int crossbar_rows,
                                int point_shift = -7) {
  nn::LayerState state;
  state.weight = weights;
  state.weights = {9, 1};
  state.input = {9, 1};
  state.output_range = 16384;  // 2^(7 + 7): m = n
  const auto rows = static_cast<int>(weights.size());
  nn::Linear linear{rows, 1};
  linear.point_shift = point_shift;
  return prepare(one_layer_network(linear, {rows, 1, 1}, 1, state),
                 accuracy_hardware(crossbar_rows, 1, 1, 8, 2, crossbar_rows));
}

inline std::vector<float> cells(std::size_t plus, std::size_t minus) {
  std::vector<float> weights(plus, 255);
  weights.insert(weights.end(), minus, -255);
  return weights;
}

inline constexpr nn::PaddingMode kSymmetric = nn::PaddingMode::kSymmetric;
/// Digits of one bit.
inline const ConvCase kOneBitCases[] = {
    {"plain3x3", with_bits({10, 13, 3, 1, 1}, 9, -2), 7, 64, 6, 2, 9},
    {"rows_of_eight_pixels", with_bits({8, 4, 3, 1, 1}, 9, -2), 8, 128, 6, 2, 9},
    {"clamping", with_bits({10, 13, 3, 1, 1}, 9, 1), 6, 64, 4, 2, 9},
    {"stride2_polarity1", with_bits({6, 9, 3, 2, 1}, 7, -2), 9, 128, 6, 1, 5},
    {"three_cycles", with_bits({12, 8, 3, 1, 1}, 7, -2), 9, 256, 6, 2, 4},
    {"six_cycles", with_bits({12, 8, 3, 1, 1}, 5, -2), 5, 256, 6, 2, 7},
    {"one_by_one", with_bits({40, 17, 1}, 5, -3), 6, 32, 4, 2, 9},
    {"grouped", with_bits({16, 32, 3, 1, 1, 8}, 9, -2), 5, 256, 6, 2, 9},
    {"symmetric", with_bits({9, 6, 2, 1, 0, 1, kSymmetric}, 9, -2), 7, 16, 6, 2, 9},
    {"symmetric_stride2_grouped", with_bits({8, 8, 2, 2, 0, 2, kSymmetric}, 9, -2), 7, 256, 6, 2,
     9},
    {"full_crossbar", with_bits({28, 9, 3, 1, 1}, 9, -2), 5, 256, 5, 2, 9},
    {"many_blocks", with_bits({100, 5, 3, 1, 1}, 9, -2), 4, 256, 5, 2, 9},
};

/// Digits of all widths, polarities and paddings.
inline const ConvCase kConvCases[] = {
    {"plain3x3", with_bits({10, 13, 3, 1, 1}, 9, -2), 7, 64, 6, 2, 9},
    {"clamping", with_bits({10, 13, 3, 1, 1}, 9, 2), 6, 64, 4, 2, 9},
    {"stride2_polarity1", with_bits({6, 9, 3, 2, 1}, 7, -1), 9, 128, 8, 1, 5},
    {"two_bit_cells", with_bits({12, 8, 3, 1, 1}, 7, -2), 5, 256, 10, 2, 7, 1, 2},
    {"two_bit_both", with_bits({12, 3, 2, 1, 1}, 9, 0), 5, 32, 8, 1, 9, 2, 2},
    {"one_by_one", with_bits({40, 17, 1}, 5, -3), 6, 32, 4, 2, 9},
    {"grouped", with_bits({16, 32, 3, 1, 1, 8}, 9, -2), 5, 256, 8, 2, 9},
    {"depthwise_split", with_bits({8, 8, 3, 2, 1, 2}, 9, -2), 8, 27, 6, 2, 9},
    {"symmetric", with_bits({9, 6, 2, 1, 0, 1, nn::PaddingMode::kSymmetric}, 9, -2), 7, 16, 6, 2,
     9},
    {"symmetric_stride2_grouped", with_bits({8, 8, 2, 2, 0, 2, nn::PaddingMode::kSymmetric}, 9, -2),
     7, 256, 6, 2, 9},
    {"seven_bit_digits", with_bits({6, 5, 3, 1, 0}, 9, -2), 6, 64, 10, 2, 9, 7, 7},
    {"eight_bit_dac", with_bits({6, 5, 3, 1, 0}, 9, -2), 6, 64, 10, 2, 9, 8, 1},
    {"full_crossbar", with_bits({28, 9, 3, 1, 1}, 9, -2), 5, 256, 8, 2, 9},
    {"odd_cycles", with_bits({28, 16, 3, 1, 1}, 8, -2), 5, 128, 6, 2, 6},
    {"two_bit_cells_full", with_bits({28, 8, 3, 1, 1}, 9, -2), 4, 256, 6, 2, 9, 1, 2},
    {"six_bit_cells", with_bits({20, 8, 1}, 9, -2), 5, 256, 10, 1, 9, 1, 6},
    {"as_linear", with_bits({100, 10, 1}, 9, -2), 1, 64, 8, 2, 9},
};

/// Batches that end anywhere in a kernel's tile of pixels, inputs of both signs and not negative.
/// With 12 images of 5x5 the last of AMX's tiles has 12 pixels in three rows, with 14 of 7x7 it has
/// 14 in two; with 6 of 5x5 the last eight pixels are six in two. Padding between the rows moves
/// the last one as far as a full row of a tile would reach.
template <typename Run>
void expect_reference_wherever_tiles_end(const Run& run) {
  for (const int size : {5, 7}) {
    base::Rng rng(3);
    const ConvCase conv = {"", with_bits({2, 3, 3, 1, 1}, 9, -2), size, 64, 6, 2, 9};
    const CrossbarLayer layer = prepare(conv.network(rng), accuracy_hardware(64, 1, 1, 6, 2, 64));
    for (int images = 1; images <= 16; ++images) {
      SCOPED_TRACE(::testing::Message() << images << " images of " << size << "x" << size);
      auto input = random_inputs(static_cast<std::size_t>(conv.input().elements() * images), rng);
      EXPECT_EQ(run(layer, input, images), run_reference(layer, input, images));
      for (float& value : input) value = std::abs(value);
      EXPECT_EQ(run(layer, input, images), run_reference(layer, input, images));
    }
  }
}

}  // namespace gibbon::sim
