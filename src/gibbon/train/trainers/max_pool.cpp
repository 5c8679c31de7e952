#include "gibbon/train/trainers/max_pool.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "gibbon/train/trainers/kernel_support.hpp"
#include "gibbon/train/trainers/over_chunks.hpp"

namespace gibbon::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kPixelMajor = at::MemoryFormat::ChannelsLast;
constexpr std::int64_t kPooledRowsAtOnce = 16;

/// Images [rows of all images][width][channels]; a row of pooled pixels reads two rows of them.
struct PoolShape {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;

  std::int64_t pooled_height() const { return height / 2; }
  std::int64_t pooled_width() const { return width / 2; }
  std::int64_t row_size() const { return width * channels; }
  /// The first value that a row of pooled pixels reads; rows are counted through all images.
  std::int64_t source(std::int64_t pooled_row) const {
    return (pooled_row / pooled_height() * height + pooled_row % pooled_height() * 2) * row_size();
  }
};

/// `chosen`: 0 to 3, the places of the four in reading order.
GIBBON_TRAIN_CLONES void pool_pixel(const float* upper, const float* lower, std::int64_t channels,
                                    float* largest, std::uint8_t* chosen) {
  for (std::int64_t c = 0; c < channels; ++c) {
    float best = upper[c];
    std::uint32_t place = 0;
    const auto offer = [&](float value, std::uint32_t at) {
      const bool better = value > best || value != value;
      best = better ? value : best;
      place = better ? at : place;
    };
    offer(upper[channels + c], 1);
    offer(lower[c], 2);
    offer(lower[channels + c], 3);
    largest[c] = best;
    chosen[c] = static_cast<std::uint8_t>(place);
  }
}

GIBBON_TRAIN_CLONES void spread_pixel(const float* gradient, const std::uint8_t* chosen,
                                      std::int64_t channels, float* upper, float* lower) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::uint32_t place = chosen[c];
    upper[c] = masked(gradient[c], place == 0);
    upper[channels + c] = masked(gradient[c], place == 1);
    lower[c] = masked(gradient[c], place == 2);
    lower[channels + c] = masked(gradient[c], place == 3);
  }
}

struct MaxPool2x2 : public torch::autograd::Function<MaxPool2x2> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input) {
    const at::Tensor images = input.contiguous(kPixelMajor);
    const PoolShape shape{images.size(2), images.size(3), images.size(1)};
    const std::vector<std::int64_t> sizes{images.size(0), shape.channels, shape.pooled_height(),
                                          shape.pooled_width()};
    const at::Tensor pooled =
        at::empty(sizes, at::TensorOptions(at::kFloat).memory_format(kPixelMajor));
    const at::Tensor chosen =
        at::empty(sizes, at::TensorOptions(at::kByte).memory_format(kPixelMajor));
    over_pooled_pixels(shape, images.size(0), [&](std::int64_t from, std::int64_t to) {
      const float* upper = images.data_ptr<float>() + from;
      pool_pixel(upper, upper + shape.row_size(), shape.channels, pooled.data_ptr<float>() + to,
                 chosen.data_ptr<std::uint8_t>() + to);
    });
    context->save_for_backward({chosen});
    context->saved_data["sizes"] = images.sizes();
    return pooled;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor chosen = context->get_saved_variables().front();
    const std::vector<std::int64_t> sizes = context->saved_data["sizes"].toIntVector();
    const at::Tensor gradient = gradients.front().contiguous(kPixelMajor);
    const PoolShape shape{sizes[2], sizes[3], sizes[1]};
    const at::Tensor to_images =
        at::empty(sizes, at::TensorOptions(at::kFloat).memory_format(kPixelMajor));
    if (shape.height % 2 != 0 || shape.width % 2 != 0) to_images.zero_();
    over_pooled_pixels(shape, sizes[0], [&](std::int64_t to, std::int64_t from) {
      float* upper = to_images.data_ptr<float>() + to;
      spread_pixel(gradient.data_ptr<float>() + from, chosen.data_ptr<std::uint8_t>() + from,
                   shape.channels, upper, upper + shape.row_size());
    });
    return {to_images};
  }

 private:
  /// body(first value of its four pixels, first value of the pooled one)
  template <typename Body>
  static void over_pooled_pixels(const PoolShape& shape, std::int64_t images, const Body& body) {
    const auto run_rows = [&](std::int64_t, std::int64_t first, std::size_t count) {
      const std::int64_t last = first + static_cast<std::int64_t>(count);
      for (std::int64_t row = first; row < last; ++row) {
        for (std::int64_t x = 0; x < shape.pooled_width(); ++x) {
          body(shape.source(row) + 2 * x * shape.channels,
               (row * shape.pooled_width() + x) * shape.channels);
        }
      }
    };
    over_chunks(images * shape.pooled_height(), kPooledRowsAtOnce, run_rows);
  }
};

}  // namespace

at::Tensor max_pool_2x2(const at::Tensor& images) {
  return MaxPool2x2::apply(images);
}

}  // namespace gibbon::train
