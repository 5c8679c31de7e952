#pragma once

#include <span>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::sim {

/// Which bits a conv or linear layer reads its inputs with.
enum class InputBitRule {
  kExplicit,  ///< of the quantiser that feeds it: back through add, concat, flatten, pool,
              ///< dropout, relu and unquantised batch_norm or bias to the nearest hardtanh,
              ///< quantised batch_norm or bias, conv or linear, or the network's input; the widest
              ///< of an add's or a concat's inputs
  kOwn,       ///< its own activation_bits: MNSIM before any forward pass [Q1]
  kPropagated,  ///< of the last conv, linear, batch_norm, bias or hardtanh before it in list order,
                ///< fed or not: MNSIM after a forward pass [Q1]; wrong at residual branches
};

/// kVector: a layer of transformers that is no product with weights, on a vector unit of its own.
enum class ComputeKind { kConv, kLinear, kPool, kAdd, kVector };

/// What a vector unit does for one output position.
struct VectorWork {
  double lane_cycles = 0;  ///< an operation or a multiply-accumulate each
  double operations = 0;   ///< additions and multiplications
  double held_bits = 0;    ///< of a matrix product: its second operand, which all positions read
  int held_sources = 0;    ///< the last sources, which give it: the layer waits for all of them
  int first_position = 0;  ///< that reads the input's first one: 1 behind a class token
};

/// A layer that takes time and room on the chip. Relu, hardtanh, batch_norm, bias, flatten and
/// dropout are digital, free and transparent, as in MNSIM. So is concat, which MNSIM does not have:
/// its inputs lie side by side in the buffer of the layer that reads them, which has all of their
/// producers as sources. select_token is transparent, too.
struct ComputeLayer {
  ComputeKind kind = ComputeKind::kConv;
  int network_index = 0;
  int in_channels = 0, in_height = 1, in_width = 1;
  int out_channels = 0, out_height = 1, out_width = 1;
  int kernel = 1, stride = 1, padding = 0, groups = 1;
  bool symmetric_padding = false;  ///< 2x2 kernels that read a 3x3 window (nn::PaddingMode)
  int weight_bits = 0, input_bits = 0, output_bits = 0;
  int operands = 1;  ///< inputs in the network: what an add sums up
  VectorWork vector;
  int first_source = 0, source_count = 0;
  int first_destination = 0, destination_count = 0;

  int positions() const { return out_height * out_width; }
  bool is_weighted() const { return kind == ComputeKind::kConv || kind == ComputeKind::kLinear; }
  /// Adds and vector units have no tile: they stand beside the chip's global accumulator.
  bool is_beside_tiles() const { return kind == ComputeKind::kAdd || kind == ComputeKind::kVector; }
};

/// The compute layers in list order. Sources are compute layers, or nn::kNetworkInput, as often as
/// a layer names them, those of one concat once; destinations are the compute layers that name a
/// layer as a source, in list order, once for each naming.
struct ComputeGraph {
  std::vector<ComputeLayer> layers;
  std::vector<int> sources;
  std::vector<int> destinations;

  std::span<const int> sources_of(const ComputeLayer& layer) const {
    return std::span(sources).subspan(static_cast<std::size_t>(layer.first_source),
                                      static_cast<std::size_t>(layer.source_count));
  }
  std::span<const int> destinations_of(const ComputeLayer& layer) const {
    return std::span(destinations)
        .subspan(static_cast<std::size_t>(layer.first_destination),
                 static_cast<std::size_t>(layer.destination_count));
  }
  /// The first source of an add that is a conv, linear or pool layer: MNSIM takes the add's bits
  /// from it. nn::kNetworkInput where there is none.
  int reference_source(const ComputeLayer& add) const;
};

/// Replaces `graph`'s content; its memory is used again.
void build_compute_graph(const nn::Network& network, InputBitRule rule, ComputeGraph& graph);

}  // namespace gibbon::sim
