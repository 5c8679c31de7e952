#pragma once

#include <optional>
#include <span>
#include <vector>

#include "gibbon/base/result.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/epitome.hpp"
#include "gibbon/sim/corrections.hpp"
#include "gibbon/sim/mapping/compute_graph.hpp"
#include "gibbon/sim/mapping/placement.hpp"

namespace gibbon::sim {

/// Where one compute layer lies. docs/models/mapping.md has the equations.
struct LayerMapping {
  int mx = 0;        ///< PEs side by side: bit planes x column blocks
  int my = 0;        ///< PEs on top of one another: row blocks
  int pe_count = 0;  ///< mx x my
  int tile_count = 0;
  int pes_per_tile = 0;   ///< of the fullest tile
  int rows = 0;           ///< wordlines of one crossbar that are active together, in turns of DACs
  int columns = 0;        ///< bitlines in use
  int bit_planes = 0;     ///< crossbar groups in use in a PE
  int weight_planes = 0;  ///< planes that a weight is cut into, over all PEs
  int column_slices = 1;  ///< packed slices of a weight, side by side in a plane of their own
  double used_cells = 0;  ///< that hold a digit of a weight, of one sign
  int group_passes = 1;   ///< convolution groups that share a crossbar's columns, one at a time
  int channels_per_pe = 0;
  int first_tile = 0;
  bool leaves_tiles = false;     ///< feeds only layers beside the tiles
  double in_layer_distance = 0;  ///< tile hops to the tile where the layer's outputs meet
  double transfer_distance = 0;  ///< tile hops from there to the next layers
  TilePosition aggregate;        ///< the tile where the outputs meet

  /// Outputs of one PE a position.
  int output_columns() const { return columns * group_passes; }
};

struct ChipMapping {
  std::vector<LayerMapping> layers;
  std::vector<TilePosition> positions;  ///< by tile number
  int used_tiles = 0;
  int pe_count = 0;             ///< of conv and linear layers; MNSIM prints it as a number of
                                ///< crossbars [Q3]
  double input_buffer_kb = 0;   ///< largest demand of any PE
  double output_buffer_kb = 0;  ///< largest demand of any tile
  double global_buffer_kb = 0;  ///< of the accumulator that adds run on
  double global_data_bytes = 0;
  int global_adders = 0;
  int global_adder_bits = 8;

  std::span<const TilePosition> tiles_of(const LayerMapping& layer) const {
    return std::span(positions).subspan(static_cast<std::size_t>(layer.first_tile),
                                        static_cast<std::size_t>(layer.tile_count));
  }
};

/// What an add holds of its inputs, of one output position.
double accumulator_data_bytes(const ComputeLayer& add);

/// How the weights of one layer lie in packed crossbars.
struct StoredLayer {
  std::optional<nn::EpitomePlan> plan;  ///< of an epitome; nothing: as the layer that it is
  int slices = 1;                       ///< one-bit slices of a weight
  bool reuses = false;                  ///< equal rounds of the plan are computed once and copied

  /// The plan's rounds that the chip computes, ascending. Only with a plan.
  std::vector<std::size_t> computed() const;
};

/// Maps a network on a chip; replaces `mapping`'s content. The reason where it does not fit:
/// a window larger than a crossbar's wordlines, or more tiles than the chip has.
/// With `stored`, one entry for each layer of the network, the slices of a weight stand side by
/// side along the columns, packed without gaps (packed_crossbars.hpp), instead of each in a plane
/// of its own: to the rest of the model such a layer has one plane and outputs x slices columns. An
/// epitome's matrix takes the place of its convolution's.
std::optional<base::Infeasible> map_network(const ComputeGraph& graph, const nn::Network& network,
                                            const hw::HardwareConfig& hardware,
                                            ChipMapping& mapping,
                                            const Corrections& corrections = {},
                                            std::span<const StoredLayer> stored = {});

}  // namespace gibbon::sim
