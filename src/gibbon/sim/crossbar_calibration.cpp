#include "gibbon/sim/crossbar_calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
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

/// Mean and variance (biased, as a batch norm in training normalises) of each channel.
struct Moments {
  std::vector<double> mean;
  std::vector<double> variance;
};

Moments moments_of(const Tensor& tensor) {
  const auto channels = static_cast<std::size_t>(tensor.shape.channels);
  const double count = static_cast<double>(tensor.plane_size()) * tensor.images;
  Moments moments{std::vector<double>(channels), std::vector<double>(channels)};
  for_each_plane(tensor, [&](std::size_t channel, const float* values, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) moments.mean[channel] += values[i];
  });
  for (double& mean : moments.mean) mean /= count;
  for_each_plane(tensor, [&](std::size_t channel, const float* values, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const double distance = values[i] - moments.mean[channel];
      moments.variance[channel] += distance * distance;
    }
  });
  for (double& variance : moments.variance) variance /= count;
  return moments;
}

void set_norm(const Moments& crossbars, nn::LayerState& state) {
  state.running_mean.assign(crossbars.mean.begin(), crossbars.mean.end());
  state.running_variance.assign(crossbars.variance.begin(), crossbars.variance.end());
}

void move_norm(const Moments& ideal, const Moments& crossbars, nn::LayerState& state) {
  for (std::size_t channel = 0; channel < state.running_mean.size(); ++channel) {
    const double was = ideal.variance[channel];
    const double is = crossbars.variance[channel];
    const double variance = state.running_variance[channel];
    state.running_mean[channel] +=
        static_cast<float>(crossbars.mean[channel] - ideal.mean[channel]);
    state.running_variance[channel] =
        static_cast<float>(was > 0 ? variance * (is / was) : variance + is);
  }
}

/// The first `count` images.
Tensor first_of(const Tensor& tensor, int count) {
  Tensor first(count, tensor.shape);
  std::copy_n(tensor.values.begin(), first.values.size(), first.values.begin());
  return first;
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
    if (options_.norms == NormFit::kMove) {
      walk(
          images,
          [&](std::size_t index, const Tensor& input) {
            return multiply(index, input, AdcMode::kIdeal);
          },
          [&](std::size_t index, const Tensor& input) { ideal_[index] = moments_of(input); });
    }
    walk(
        std::move(images),
        [&](std::size_t index, const Tensor& input) {
          return fits_ranges() ? fit_range(index, input)
                               : multiply(index, input, options_.accuracy.mode);
        },
        [&](std::size_t index, const Tensor& input) { fit_norm(index, input); });
    return std::move(trained_);
  }

 private:
  /// Runs the network: `product` gives the output of a layer that crossbars hold, `see` is shown
  /// what a batch norm reads before it runs.
  template <typename Product, typename See>
  void walk(Tensor images, const Product& product, const See& see) {
    walk_network(trained_.network, std::move(images),
                 [&](std::size_t index, const std::vector<const Tensor*>& inputs, Tensor* owned) {
                   const nn::LayerParameters& parameters =
                       trained_.network.layers()[index].parameters;
                   if (runs_on_crossbars(parameters)) return product(index, *inputs.front());
                   if (std::holds_alternative<nn::BatchNorm>(parameters)) {
                     see(index, *inputs.front());
                   }
                   return run_digital_layer(trained_.network, index, trained_.states[index], false,
                                            inputs, owned);
                 });
  }

  bool fits_ranges() const { return options_.ranges && options_.accuracy.mode != AdcMode::kIdeal; }

  void fit_norm(std::size_t index, const Tensor& input) {
    nn::LayerState& state = trained_.states[index];
    if (options_.norms == NormFit::kSet) set_norm(moments_of(input), state);
    if (options_.norms == NormFit::kMove) move_norm(ideal_.at(index), moments_of(input), state);
  }

  /// Gives the layer's output at the range that it chooses.
  Tensor fit_range(std::size_t index, const Tensor& all) {
    const bool takes_all = options_.range_images == 0 || options_.range_images >= all.images;
    const Tensor some = takes_all ? Tensor() : first_of(all, options_.range_images);
    const Tensor& input = takes_all ? all : some;
    const Tensor wanted = multiply(index, input, AdcMode::kIdeal);
    double& range = trained_.states[index].output_range;
    const double stored = range;
    double best_range = stored;
    Tensor best;
    double least = std::numeric_limits<double>::infinity();
    for (const double factor : kRangeFactors) {
      range = stored * factor;
      Tensor output = multiply(index, input, options_.accuracy.mode);
      const double error = unexplained(output, wanted);
      if (error >= least) continue;
      best_range = range;
      least = error;
      best = std::move(output);
    }
    range = best_range;
    if (takes_all) return best;
    return multiply(index, all, options_.accuracy.mode);
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
  std::map<std::size_t, Moments> ideal_;  ///< kMove: of what each batch norm reads
};

}  // namespace

nn::TrainedNetwork calibrate_to_crossbars(const nn::TrainedNetwork& trained,
                                          const hw::HardwareConfig& hardware,
                                          const data::ImageBatch& images,
                                          const CalibrationOptions& options) {
  if (options.accuracy.mnsim_range_update) {
    throw base::Error("calibration: mnsim_range_update moves ranges by itself; switch it off");
  }
  if (options.range_images < 0) {
    throw base::Error(
        fmt::format("calibration: range_images is {}, allowed is >= 0", options.range_images));
  }
  if (images.count == 0) throw base::Error("calibration: there are no images");
  require_image_shape(trained.network, images);
  const NetworkRunner check(trained, hardware, options.accuracy);
  Tensor input(images.count, trained.network.input());
  input.values = images.pixels;
  return Calibration(trained, hardware, options).run(std::move(input));
}

}  // namespace gibbon::sim
