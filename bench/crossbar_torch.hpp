#pragma once

#include <memory>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::bench {

/// The accuracy simulation as MNSIM 2.0 does it: a sequence of whole-tensor operations of libtorch
/// in float32, one convolution for each crossbar of rows, input digit and weight digit, its result
/// scaled, rounded and clamped by the ADC (SCALE mode) and shifted before it is added. It knows
/// convolutions without groups, linear layers, batch norms, ReLU, maximum and global average
/// pooling, sums of equal shapes, flatten and dropout; throws base::Error for others.
class TorchCrossbars {
 public:
  TorchCrossbars(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware);
  ~TorchCrossbars();

  /// Every layer's output [images, ...], row-major; all layers where `keep_all`, else only the last
  /// one's is not empty.
  std::vector<std::vector<float>> run(const std::vector<float>& pixels, int images,
                                      bool keep_all) const;

  static void set_threads(int threads);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gibbon::bench
