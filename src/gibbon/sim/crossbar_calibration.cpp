#include "gibbon/sim/crossbar_calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/inference/digital_layers.hpp"
#include "gibbon/sim/inference/network_runner.hpp"
#include "gibbon/sim/inference/network_walk.hpp"

namespace gibbon::sim {

namespace {

/// The stored range first, so that it wins ties.
constexpr std::array<double, 9> kRangeFactors{1.0,    0.3536, 0.4204, 0.5,   0.5946,
                                              0.7071, 0.8409, 1.1892, 1.4142};

/// Calls body(channel, values of one image's channel) in an order that is always the same.
template <typename Body>
void for_each_plane(const Tensor& tensor, const Body& body) {
  const std::size_t plane = tensor.plane_size();
  const float* values = tensor.values.data();
  for (int image = 0; image < tensor.images; ++image) {
    for (std::size_t channel = 0; channel < static_cast<std::size_t>(tensor.shape.channels);
         ++channel, values += plane) {
      body(channel, values, plane);
    }
  }
}

/// Sets mean and variance (biased, as a batch norm in training normalises) to those of its input.
void fit_norm(const Tensor& input, nn::LayerState& state) {
  const std::size_t channels = state.running_mean.size();
  std::vector<double> sums(channels, 0.0);
  std::vector<double> squares(channels, 0.0);
  for_each_plane(input, [&](std::size_t channel, const float* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sums[channel] += values[i];
  });
  const double count = static_cast<double>(input.plane_size()) * input.images;
  for (double& sum : sums) sum /= count;
  for_each_plane(input, [&](std::size_t channel, const float* values, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      squares[channel] += (values[i] - sums[channel]) * (values[i] - sums[channel]);
    }
  });
  for (std::size_t channel = 0; channel < channels; ++channel) {
    state.running_mean[channel] = static_cast<float>(sums[channel]);
    state.running_variance[channel] = static_cast<float>(squares[channel] / count);
  }
}

/// Share of the variance of `wanted` that no scale and shift of `got` explains, 1 - r^2, averaged
/// over the channels: what a batch norm behind them cannot repair.
double unexplained(const Tensor& got, const Tensor& wanted) {
  struct Sums {
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  };
  std::vector<Sums> sums(static_cast<std::size_t>(got.shape.channels));
  const float* other = wanted.values.data();
  for_each_plane(got, [&](std::size_t channel, const float* values, std::size_t count) {
    Sums& sum = sums[channel];
    for (std::size_t i = 0; i < count; ++i, ++other) {
      const double x = values[i];
      const double y = *other;
      sum.x += x;
      sum.y += y;
      sum.xx += x * x;
      sum.yy += y * y;
      sum.xy += x * y;
    }
  });
  const double count = static_cast<double>(got.plane_size()) * got.images;
  double total = 0.0;
  for (const Sums& sum : sums) {
    const double xx = sum.xx - sum.x * sum.x / count;
    const double yy = sum.yy - sum.y * sum.y / count;
    const double xy = sum.xy - sum.x * sum.y / count;
    total += xx > 0 && yy > 0 ? 1.0 - xy * xy / (xx * yy) : 1.0;
  }
  return total / static_cast<double>(sums.size());
}

class Calibration {
 public:
  Calibration(nn::TrainedNetwork trained, const hw::HardwareConfig& hardware,
              const CalibrationOptions& options)
      : trained_(std::move(trained)), hardware_(hardware), options_(options) {}

  nn::TrainedNetwork run(Tensor images) {
    walk_network(trained_.network, std::move(images),
                 [&](std::size_t index, const std::vector<const Tensor*>& inputs, Tensor* owned) {
                   return run_layer(index, inputs, owned);
                 });
    return std::move(trained_);
  }

 private:
  Tensor run_layer(std::size_t index, const std::vector<const Tensor*>& inputs, Tensor* owned) {
    const nn::LayerParameters& parameters = trained_.network.layers()[index].parameters;
    nn::LayerState& state = trained_.states[index];
    if (runs_on_crossbars(parameters)) {
      if (options_.ranges && options_.accuracy.mode != AdcMode::kIdeal) {
        return fit_range(index, *inputs.front());
      }
      return multiply(index, *inputs.front(), options_.accuracy.mode);
    }
    if (options_.norms && std::holds_alternative<nn::BatchNorm>(parameters)) {
      fit_norm(*inputs.front(), state);
    }
    return run_digital_layer(trained_.network, index, state, false, inputs, owned);
  }

  Tensor fit_range(std::size_t index, const Tensor& input) {
    const Tensor wanted = multiply(index, input, AdcMode::kIdeal);
    double& range = trained_.states[index].output_range;
    const double stored = range;
    double best_range = stored;
    double least = 0.0;
    Tensor best;
    for (const double factor : kRangeFactors) {
      range = stored * factor;
      Tensor output = multiply(index, input, options_.accuracy.mode);
      const double error = unexplained(output, wanted);
      if (!best.values.empty() && error >= least) continue;
      best_range = range;
      least = error;
      best = std::move(output);
    }
    range = best_range;
    return best;
  }

  Tensor multiply(std::size_t index, const Tensor& input, AdcMode mode) const {
    AccuracyOptions options = options_.accuracy;
    options.mode = mode;
    if (mode == AdcMode::kIdeal) options.device_seed.reset();
    const auto kernel = make_layer_kernel(trained_, static_cast<int>(index), hardware_, options);
    Tensor output(input.images, trained_.network.output_shape(static_cast<int>(index)));
    run_on_threads(*kernel, input.values.data(), static_cast<std::size_t>(input.shape.elements()),
                   input.images, output.values.data(),
                   static_cast<std::size_t>(output.shape.elements()), options.threads);
    return output;
  }

  nn::TrainedNetwork trained_;
  const hw::HardwareConfig& hardware_;
  CalibrationOptions options_;
};

}  // namespace

nn::TrainedNetwork calibrate_to_crossbars(const nn::TrainedNetwork& trained,
                                          const hw::HardwareConfig& hardware,
                                          const data::ImageBatch& images,
                                          const CalibrationOptions& options) {
  if (options.accuracy.mnsim_range_update) {
    throw base::Error("calibration: mnsim_range_update moves ranges by itself; switch it off");
  }
  if (images.count == 0) throw base::Error("calibration: there are no images");
  require_image_shape(trained.network, images);
  const NetworkRunner check(trained, hardware, options.accuracy);
  Tensor input(images.count, trained.network.input());
  input.values = images.pixels;
  return Calibration(trained, hardware, options).run(std::move(input));
}

}  // namespace gibbon::sim
