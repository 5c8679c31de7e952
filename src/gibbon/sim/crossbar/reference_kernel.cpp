#include <algorithm>
#include <cstdint>

#include "gibbon/sim/crossbar/crossbar_kernel.hpp"

namespace gibbon::sim {

namespace {

/// The digit that a column reads for a weight: polarity 2 keeps its positive and its negative part
/// in two cells and subtracts their currents, polarity 1 keeps the signed digit in one.
int stored_digit(const CrossbarLayer& layer, int weight, int index) {
  const int digit = signed_digit(weight, index, layer.cell_bits);
  if (layer.polarity == 1) return digit;
  const int positive_cell = std::max(digit, 0);
  const int negative_cell = std::max(-digit, 0);
  return positive_cell - negative_cell;
}

class ReferenceKernel final : public CrossbarKernel {
 public:
  explicit ReferenceKernel(CrossbarLayer layer) : layer_(std::move(layer)) {
    for (const RowBlock& block : layer_.blocks) {
      for (int j = 0; j < layer_.parts; ++j) {
        std::vector<float> plane;
        for (const int weight : block.weights) {
          plane.push_back(static_cast<float>(stored_digit(layer_, weight, j)));
        }
        planes_.push_back(std::move(plane));
      }
    }
  }

  void run(const float* input, int images, float* output) const override {
    const std::size_t in_size = static_cast<std::size_t>(layer_.in_channels) *
                                static_cast<std::size_t>(layer_.in_height * layer_.in_width);
    const std::size_t out_size =
        static_cast<std::size_t>(layer_.out_channels) * static_cast<std::size_t>(layer_.pixels());
    std::vector<std::int16_t> integers(in_size);
    for (int image = 0; image < images; ++image) {
      quantize_input(layer_, input, in_size, integers.data());
      run_image(integers, output);
      input += in_size;
      output += out_size;
    }
  }

 private:
  int input_at(const std::vector<std::int16_t>& image, const RowSource& row, int y, int x) const {
    const int in_y = y * layer_.stride + row.dy - layer_.padding;
    const int in_x = x * layer_.stride + row.dx - layer_.padding;
    if (in_y < 0 || in_y >= layer_.in_height || in_x < 0 || in_x >= layer_.in_width) return 0;
    return image[static_cast<std::size_t>(
        (row.channel * layer_.in_height + in_y) * layer_.in_width + in_x)];
  }

  void run_image(const std::vector<std::int16_t>& image, float* output) const {
    const auto pixels = static_cast<std::size_t>(layer_.pixels());
    std::vector<double> sums(static_cast<std::size_t>(layer_.out_channels));
    for (int y = 0; y < layer_.out_height; ++y) {
      for (int x = 0; x < layer_.out_width; ++x) {
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t b = 0; b < layer_.blocks.size(); ++b) add_block(image, b, y, x, sums);
        const auto pixel = static_cast<std::size_t>(y * layer_.out_width + x);
        for (std::size_t o = 0; o < sums.size(); ++o) {
          const auto sum = static_cast<float>(sums[o]);
          output[o * pixels + pixel] =
              layer_.finish(layer_.adc.mode == AdcMode::kIdeal ? layer_.adc.ideal(sum) : sum);
        }
      }
    }
  }

  /// Sums are integers in kIdeal (exact in double), else float32 values.
  void add_block(const std::vector<std::int16_t>& image, std::size_t block_index, int y, int x,
                 std::vector<double>& sums) const {
    const RowBlock& block = layer_.blocks[block_index];
    const std::size_t rows = block.rows.size();
    std::vector<float> digits(rows);
    for (int i = 0; i < layer_.cycles; ++i) {
      for (std::size_t r = 0; r < rows; ++r) {
        const int value = input_at(image, block.rows[r], y, x);
        digits[r] = static_cast<float>(signed_digit(value, i, layer_.dac_bits));
      }
      for (int j = 0; j < layer_.parts; ++j) {
        const auto plane_index =
            block_index * static_cast<std::size_t>(layer_.parts) + static_cast<std::size_t>(j);
        const float* weights = planes_[plane_index].data();
        for (int o = 0; o < block.output_count; ++o, weights += rows) {
          float column = 0;
          for (std::size_t r = 0; r < rows; ++r) column += digits[r] * weights[r];
          double& sum = sums[static_cast<std::size_t>(block.first_output + o)];
          if (layer_.adc.mode == AdcMode::kIdeal) {
            sum += static_cast<double>(column) * power_of_two(layer_.shift(i, j));
          } else {
            const int down = layer_.adc.top_shift - layer_.shift(i, j);
            sum = static_cast<float>(sum) + layer_.adc.convert(column) / power_of_two(down);
          }
        }
      }
    }
  }

  CrossbarLayer layer_;
  std::vector<std::vector<float>> planes_;  ///< [block, weight digit] of [output, row]
};

}  // namespace

std::unique_ptr<CrossbarKernel> make_reference_kernel(CrossbarLayer layer) {
  return std::make_unique<ReferenceKernel>(std::move(layer));
}

}  // namespace gibbon::sim
