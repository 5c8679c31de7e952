#include "gibbon/sim/inference/network_runner.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/inference/digital_layers.hpp"
#include "gibbon/sim/nonideal/nonideal_kernel.hpp"

namespace gibbon::sim {

namespace {

bool runs_on_crossbars(const nn::LayerParameters& parameters) {
  return std::holds_alternative<nn::Conv>(parameters) ||
         std::holds_alternative<nn::Linear>(parameters);
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
  if (norm.output_bits && !move_range &&
      !(state.output_range > 0.0 && std::isfinite(state.output_range))) {
    throw base::Error(fmt::format("layer '{}': its output range is {}, it must be positive",
                                  layer.name, state.output_range));
  }
}

std::unique_ptr<CrossbarKernel> make_kernel(CrossbarLayer layer, const hw::HardwareConfig& hardware,
                                            const AccuracyOptions& options) {
  if (!options.device_seed) return make_crossbar_kernel(std::move(layer), options.isa);
  return make_nonideal_kernel(layer, hardware.device, options.device_model, *options.device_seed,
                              options.isa);
}

/// For the network's input and then each layer, the last layer that reads it (the count of layers
/// for the network's output).
std::vector<int> find_last_readers(const nn::Network& network) {
  const int count = static_cast<int>(network.layers().size());
  std::vector<int> last(static_cast<std::size_t>(count) + 1, -1);
  for (int index = 0; index < count; ++index) {
    for (const int input : network.layers()[static_cast<std::size_t>(index)].inputs) {
      last[static_cast<std::size_t>(input + 1)] = index;
    }
  }
  last.back() = count;
  return last;
}

}  // namespace

NetworkRunner::NetworkRunner(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                             const AccuracyOptions& options)
    : network_(trained.network),
      last_reader_(find_last_readers(network_)),
      move_ranges_(options.mnsim_range_update) {
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
  for (std::size_t index = 0; index < count; ++index) {
    const nn::Layer& layer = network_.layers()[index];
    if (runs_on_crossbars(layer.parameters)) {
      kernels_[index] = make_kernel(
          prepare_crossbar_layer(trained, static_cast<int>(index), hardware, options.mode),
          hardware, options);
    } else if (std::holds_alternative<nn::BatchNorm>(layer.parameters)) {
      check_batch_norm(layer, trained.states[index], move_ranges_);
      states_[index] = trained.states[index];
    }
  }
}

Tensor NetworkRunner::run(Tensor images, const Visitor& visit) const {
  const std::size_t count = network_.layers().size();
  std::vector<Tensor> outputs(count + 1);
  outputs[0] = std::move(images);
  for (std::size_t index = 0; index < count; ++index) {
    const nn::Layer& layer = network_.layers()[index];
    std::vector<const Tensor*> inputs;
    for (const int input : layer.inputs) {
      inputs.push_back(&outputs[static_cast<std::size_t>(input + 1)]);
    }
    const auto first = static_cast<std::size_t>(layer.inputs.front() + 1);
    const bool takes_over = layer.inputs.size() == 1 && kernels_[index] == nullptr &&
                            last_reader_[first] == static_cast<int>(index);
    // A digital layer that is the last reader of its input works in place.
    outputs[index + 1] = run_layer(index, inputs, takes_over ? &outputs[first] : nullptr);
    if (visit) visit(index, outputs[index + 1]);
    for (const int input : layer.inputs) {
      const auto slot = static_cast<std::size_t>(input + 1);
      if (last_reader_[slot] == static_cast<int>(index)) outputs[slot] = Tensor();
    }
  }
  return std::move(outputs.back());
}

Tensor NetworkRunner::run_layer(std::size_t index, const std::vector<const Tensor*>& inputs,
                                Tensor* owned) const {
  const nn::LayerParameters& parameters = network_.layers()[index].parameters;
  const nn::Shape& shape = network_.output_shape(static_cast<int>(index));
  const Tensor& input = *inputs.front();
  if (kernels_[index] != nullptr) {
    Tensor output(input.images, shape);
    kernels_[index]->run(input.values.data(), input.images, output.values.data());
    return output;
  }
  if (std::holds_alternative<nn::Add>(parameters)) return run_add(shape, inputs);
  if (std::holds_alternative<nn::Concat>(parameters)) return run_concat(shape, inputs);
  if (const auto* pool = std::get_if<nn::Pool>(&parameters)) return run_pool(*pool, shape, input);

  Tensor output = owned != nullptr ? std::move(*owned) : input;
  output.shape = shape;
  if (const auto* norm = std::get_if<nn::BatchNorm>(&parameters)) {
    run_batch_norm(*norm, states_[index], move_ranges_, output);
  } else if (std::holds_alternative<nn::Relu>(parameters)) {
    run_relu(output);
  } else if (const auto* activation = std::get_if<nn::HardTanh>(&parameters)) {
    run_hardtanh(*activation, output);
  }
  return output;
}

}  // namespace gibbon::sim
