#include "gibbon/sim/inference/network_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/base/parallel.hpp"
#include "gibbon/sim/inference/digital_layers.hpp"
#include "gibbon/sim/inference/network_walk.hpp"
#include "gibbon/sim/inference/transformer_layers.hpp"
#include "gibbon/sim/nonideal/nonideal_kernel.hpp"

namespace gibbon::sim {

namespace {

void check_output_range(const nn::Layer& layer, const std::optional<int>& bits,
                        const nn::LayerState& state, bool move_range) {
  if (!bits || move_range) return;
  if (state.output_range > 0.0 && std::isfinite(state.output_range)) return;
  throw base::Error(fmt::format("layer '{}': its output range is {}, it must be positive",
                                layer.name, state.output_range));
}

void check_batch_norm(const nn::Layer& layer, const nn::LayerState& state, bool move_range) {
  const auto& norm = std::get<nn::BatchNorm>(layer.parameters);
  const auto features = static_cast<std::size_t>(norm.features);
  if (state.gamma.size() != features || state.beta.size() != features ||
      state.running_mean.size() != features || state.running_variance.size() != features) {
    throw base::Error(fmt::format(
        "layer '{}': gamma, beta, running_mean and running_variance need {} values each",
        layer.name, features));
  }
  check_output_range(layer, norm.output_bits, state, move_range);
}

void check_bias(const nn::Layer& layer, const nn::LayerState& state, bool move_range) {
  const auto& bias = std::get<nn::Bias>(layer.parameters);
  const auto features = static_cast<std::size_t>(bias.features);
  if (state.beta.size() != features) {
    throw base::Error(fmt::format("layer '{}': its bias has {} values, needs {}", layer.name,
                                  state.beta.size(), features));
  }
  check_output_range(layer, bias.output_bits, state, move_range);
}

}  // namespace

std::unique_ptr<CrossbarKernel> make_layer_kernel(const nn::TrainedNetwork& trained, int index,
                                                  const hw::HardwareConfig& hardware,
                                                  const AccuracyOptions& options) {
  CrossbarLayer layer = prepare_crossbar_layer(trained, index, hardware, options.mode);
  if (!options.device_seed) return make_crossbar_kernel(std::move(layer), options.isa);
  return make_nonideal_kernel(layer, hardware.device, options.device_model, *options.device_seed,
                              options.isa);
}

void run_on_threads(const CrossbarKernel& kernel, const float* input, std::size_t in_size,
                    int images, float* output, std::size_t out_size, int threads) {
  constexpr int kChunkImages = 16;
  const auto chunks = static_cast<std::size_t>((images + kChunkImages - 1) / kChunkImages);
  base::parallel_for(chunks, threads, [&](std::size_t chunk) {
    const std::size_t first = chunk * kChunkImages;
    const int count = std::min(kChunkImages, images - static_cast<int>(first));
    kernel.run(input + first * in_size, count, output + first * out_size);
  });
}

NetworkRunner::NetworkRunner(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                             const AccuracyOptions& options)
    : network_(trained.network), move_ranges_(options.mnsim_range_update) {
  const std::size_t count = network_.layers().size();
  if (trained.states.size() != count) {
    throw base::Error(fmt::format("network '{}' has {} layers, but states for {}",
                                  network_.description().name, count, trained.states.size()));
  }
  const int outputs =
      static_cast<int>(network_.output_shape(static_cast<int>(count) - 1).elements());
  if (outputs != network_.description().num_classes) {
    throw base::Error(fmt::format("network '{}' ends in {} values, it has {} classes",
                                  network_.description().name, outputs,
                                  network_.description().num_classes));
  }
  states_.resize(count);
  kernels_.resize(count);
  base::parallel_for(count, options.threads, [&](std::size_t index) {
    const nn::Layer& layer = network_.layers()[index];
    if (runs_on_crossbars(layer.parameters)) {
      kernels_[index] = make_layer_kernel(trained, static_cast<int>(index), hardware, options);
    } else if (std::holds_alternative<nn::BatchNorm>(layer.parameters)) {
      check_batch_norm(layer, trained.states[index], move_ranges_);
      states_[index] = trained.states[index];
    } else if (std::holds_alternative<nn::Bias>(layer.parameters)) {
      check_bias(layer, trained.states[index], move_ranges_);
      states_[index] = trained.states[index];
    } else if (nn::is_transformer_layer(layer.parameters)) {
      check_transformer_state(network_, index, trained.states[index]);
      states_[index] = trained.states[index];
    }
  });
}

Tensor NetworkRunner::run(Tensor images, const Visitor& visit) const {
  return walk_network(
      network_, std::move(images),
      [&](std::size_t index, const std::vector<const Tensor*>& inputs, Tensor* owned) {
        Tensor output = run_layer(index, inputs, owned);
        if (visit) visit(index, output);
        return output;
      });
}

Tensor NetworkRunner::run_layer(std::size_t index, const std::vector<const Tensor*>& inputs,
                                Tensor* owned) const {
  if (kernels_[index] == nullptr) {
    return run_digital_layer(network_, index, states_[index], move_ranges_, inputs, owned);
  }
  const Tensor& input = *inputs.front();
  Tensor output(input.images, network_.output_shape(static_cast<int>(index)));
  kernels_[index]->run(input.values.data(), input.images, output.values.data());
  return output;
}

}  // namespace gibbon::sim
