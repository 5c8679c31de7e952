#include "gibbon/sim/crossbar_calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
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

/// Of each channel (variance biased, as a batch norm in training normalises).
struct Moments {
  std::vector<double> mean;
  std::vector<double> variance;
};

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

/// How one channel of a tensor goes with that of another one, pixel by pixel.
struct Relation {
  double got_mean = 0;
  double wanted_mean = 0;
  double got_variance = 0;
  double wanted_variance = 0;
  double covariance = 0;

  /// What is left of the variance of equal values is rounding.
  bool got_is_constant() const {
    constexpr double kRounding = 1e-12;
    return got_variance <= kRounding * got_mean * got_mean;
  }
};

std::vector<Relation> relations_of(const Tensor& got, const Tensor& wanted) {
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
  std::vector<Relation> relations;
  for (const Sums& sum : sums) {
    const double x = sum.x / count;
    const double y = sum.y / count;
    relations.push_back(
        {x, y, sum.xx / count - x * x, sum.yy / count - y * y, sum.xy / count - x * y});
  }
  return relations;
}

/// Share of the variance of `wanted` that no scale and shift of `got` explains, 1 - r^2, averaged
/// over the channels: what a batch norm behind them cannot repair.
double unexplained(const Tensor& got, const Tensor& wanted) {
  const std::vector<Relation> relations = relations_of(got, wanted);
  double total = 0.0;
  for (const Relation& r : relations) {
    total += r.got_variance > 0 && r.wanted_variance > 0
                 ? 1.0 - r.covariance * r.covariance / (r.got_variance * r.wanted_variance)
                 : 1.0;
  }
  return total / static_cast<double>(relations.size());
}

void set_norm(const Moments& crossbars, nn::LayerState& state) {
  state.running_mean.assign(crossbars.mean.begin(), crossbars.mean.end());
  state.running_variance.assign(crossbars.variance.begin(), crossbars.variance.end());
}

/// Less of a channel than this never comes through, so that norms stay finite where nothing does.
constexpr double kLeastGain = 0.01;

/// With gain g = covariance / variance the best guess at an ideal value from a crossbars' value x
/// is y = g (x - mean x) + mean y. The norm (y - mean) / sqrt(variance + epsilon) of that is one of
/// x with mean' = mean x - (mean y - mean) / g and variance' + epsilon = (variance + epsilon) /
/// g^2.
void match_norm(const Tensor& crossbars, const Tensor& ideal, nn::LayerState& state) {
  const double epsilon = state.epsilon;
  const std::vector<Relation> relations = relations_of(crossbars, ideal);
  for (std::size_t channel = 0; channel < relations.size(); ++channel) {
    const Relation& r = relations[channel];
    const double gain =
        r.got_is_constant() ? 1.0 : std::max(kLeastGain, r.covariance / r.got_variance);
    const double mean = state.running_mean[channel];
    const double variance = state.running_variance[channel];
    state.running_mean[channel] = static_cast<float>(r.got_mean - (r.wanted_mean - mean) / gain);
    state.running_variance[channel] =
        static_cast<float>((variance + epsilon) / (gain * gain) - epsilon);
  }
}

/// `count` images from `first` on.
Tensor part_of(const Tensor& tensor, int first, int count) {
  Tensor part(count, tensor.shape);
  const auto image = static_cast<std::ptrdiff_t>(tensor.shape.elements());
  std::copy_n(tensor.values.begin() + first * image, part.values.size(), part.values.begin());
  return part;
}

/// The same images in two batches: as ideal converters see them, and as the chip does.
struct Twins {
  Tensor ideal;
  Tensor crossbars;
};

Twins parted(const Tensor& both) {
  const int images = both.images / 2;
  return {part_of(both, 0, images), part_of(both, images, images)};
}

Tensor joined(Twins twins) {
  Tensor both = std::move(twins.ideal);
  both.images += twins.crossbars.images;
  both.values.insert(both.values.end(), twins.crossbars.values.begin(),
                     twins.crossbars.values.end());
  return both;
}

class Calibration {
 public:
  Calibration(nn::TrainedNetwork trained, const hw::HardwareConfig& hardware,
              const CalibrationOptions& options)
      : trained_(std::move(trained)), hardware_(hardware), options_(options) {}

  nn::TrainedNetwork run(const Tensor& images) {
    if (options_.norms == NormFit::kMatch) {
      walk_twins(images);
    } else {
      walk(images);
    }
    return std::move(trained_);
  }

 private:
  void walk(Tensor images) {
    walk_network(trained_.network, std::move(images),
                 [&](std::size_t index, const std::vector<const Tensor*>& inputs, Tensor* owned) {
                   const nn::LayerParameters& parameters = parameters_of(index);
                   if (runs_on_crossbars(parameters)) return fit_product(index, *inputs.front());
                   if (options_.norms == NormFit::kSet &&
                       std::holds_alternative<nn::BatchNorm>(parameters)) {
                     set_norm(moments_of(*inputs.front()), trained_.states[index]);
                   }
                   return run_digital(index, trained_.states[index], inputs, owned);
                 });
  }

  /// The images go through twice, side by side: first with ideal converters and the norms as they
  /// were, then with crossbars and the norms that are matched to the former.
  void walk_twins(const Tensor& images) {
    walk_network(trained_.network, joined({images, images}),
                 [&](std::size_t index, const std::vector<const Tensor*>& inputs, Tensor* owned) {
                   const nn::LayerParameters& parameters = parameters_of(index);
                   if (runs_on_crossbars(parameters)) {
                     const Twins input = parted(*inputs.front());
                     Tensor ideal = multiply(index, input.ideal, AdcMode::kIdeal);
                     return joined({std::move(ideal), fit_product(index, input.crossbars)});
                   }
                   if (std::holds_alternative<nn::BatchNorm>(parameters)) {
                     return match_and_run(index, parted(*inputs.front()));
                   }
                   return run_digital(index, trained_.states[index], inputs, owned);
                 });
  }

  Tensor match_and_run(std::size_t index, const Twins& values) {
    nn::LayerState& state = trained_.states[index];
    const nn::LayerState as_it_was = state;
    match_norm(values.crossbars, values.ideal, state);
    return joined({run_digital(index, as_it_was, {&values.ideal}, nullptr),
                   run_digital(index, state, {&values.crossbars}, nullptr)});
  }

  const nn::LayerParameters& parameters_of(std::size_t index) const {
    return trained_.network.layers()[index].parameters;
  }

  Tensor run_digital(std::size_t index, const nn::LayerState& state,
                     const std::vector<const Tensor*>& inputs, Tensor* owned) const {
    return run_digital_layer(trained_.network, index, state, false, inputs, owned);
  }

  bool fits_ranges() const { return options_.ranges && options_.accuracy.mode != AdcMode::kIdeal; }

  /// The layer's output on crossbars, at a range that may have been fitted first.
  Tensor fit_product(std::size_t index, const Tensor& input) {
    return fits_ranges() ? fit_range(index, input) : multiply(index, input, options_.accuracy.mode);
  }

  /// Gives the layer's output at the range that it chooses.
  Tensor fit_range(std::size_t index, const Tensor& all) {
    const bool takes_all = options_.range_images == 0 || options_.range_images >= all.images;
    const Tensor some = takes_all ? Tensor() : part_of(all, 0, options_.range_images);
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
  return Calibration(trained, hardware, options).run(input);
}

}  // namespace gibbon::sim
