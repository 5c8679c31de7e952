#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/crossbar/crossbar_kernel.hpp"
#include "gibbon/sim/inference/tensor.hpp"

namespace gibbon::sim {

/// The kernel of layer `index`, a Conv or Linear, with ideal or drawn devices. Throws base::Error
/// as prepare_crossbar_layer does.
std::unique_ptr<CrossbarKernel> make_layer_kernel(const nn::TrainedNetwork& trained, int index,
                                                  const hw::HardwareConfig& hardware,
                                                  const AccuracyOptions& options);

/// CrossbarKernel::run with the images shared out to threads, a few at a time so that they stay in
/// the caches. `in_size` and `out_size`: values of one image.
void run_on_threads(const CrossbarKernel& kernel, const float* input, std::size_t in_size,
                    int images, float* output, std::size_t out_size, int threads);

/// Runs a whole network, layer by layer, on one thread: Conv and Linear on crossbar kernels, the
/// rest digitally. const and thread-safe.
class NetworkRunner {
 public:
  /// Sees every layer's output as soon as it is there.
  using Visitor = std::function<void(std::size_t layer, const Tensor& output)>;

  /// Throws base::Error as make_accuracy_simulator does.
  NetworkRunner(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                const AccuracyOptions& options);

  const nn::Network& network() const { return network_; }
  /// The output of the last layer. Activations are kept only while a later layer reads them.
  Tensor run(Tensor images, const Visitor& visit = {}) const;

 private:
  /// `owned`: the first input, if the layer may use it up.
  Tensor run_layer(std::size_t index, const std::vector<const Tensor*>& inputs,
                   Tensor* owned) const;

  nn::Network network_;
  std::vector<nn::LayerState> states_;  ///< of digital layers; the others' are in the kernels
  std::vector<std::unique_ptr<CrossbarKernel>> kernels_;  ///< one a layer, empty for digital ones
  bool move_ranges_;
};

}  // namespace gibbon::sim
