#include "gibbon/sim/epitome/layer_rounds.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

/// What a range of channels or columns touches of blocks of `size`.
struct Touched {
  int blocks = 0;
  int fullest = 0;  ///< of the range, in one block
};

Touched touched(std::int64_t start, std::int64_t count, std::int64_t size) {
  const std::int64_t first = start / size;
  const std::int64_t last = (start + count - 1) / size;
  if (first == last) return {1, static_cast<int>(count)};
  const std::int64_t head = (first + 1) * size - start;
  const std::int64_t tail = start + count - last * size;
  const std::int64_t fullest = last - first > 1 ? size : std::max(head, tail);
  return {static_cast<int>(last - first + 1), static_cast<int>(fullest)};
}

LayerMapping round_mapping(const nn::EpitomeRound& round, const LayerMapping& mapped,
                           const nn::EpitomePlan& plan, const hw::HardwareConfig& hardware) {
  const nn::EpitomeShape& epitome = plan.epitome();
  const int window = plan.weight().kernel * plan.weight().kernel;
  const int channels_per_crossbar = hardware.crossbar.rows / (epitome.height * epitome.width);
  const std::int64_t slices = mapped.column_slices;
  const Touched rows = touched(round.epitome_in, round.in_count, channels_per_crossbar);
  const Touched columns =
      touched(round.epitome_out * slices, round.out_count * slices, hardware.crossbar.columns);
  const int pes = hardware.tile.pe_count();
  LayerMapping result = mapped;
  result.mx = columns.blocks;
  result.my = rows.blocks;
  result.pe_count = result.mx * result.my;
  result.tile_count = static_cast<int>(ceil_div(result.pe_count, pes));
  result.pes_per_tile = std::min(result.pe_count, pes);
  result.rows = rows.fullest * window;
  result.columns = columns.fullest;
  result.channels_per_pe = rows.fullest;
  return result;
}

bool same_outputs(const nn::EpitomeRound& a, const nn::EpitomeRound& b) {
  return a.weight_out == b.weight_out;
}

RoundRole role_of(const nn::EpitomePlan& plan, std::size_t index, bool fills,
                  const std::vector<std::size_t>& computed) {
  const auto& rounds = plan.rounds();
  const nn::EpitomeRound& round = rounds[index];
  RoundRole role;
  role.fills = fills;
  const auto outputs = [&](const nn::EpitomeRound& other) { return same_outputs(round, other); };
  role.accumulates =
      std::any_of(rounds.begin(), rounds.begin() + static_cast<std::ptrdiff_t>(index), outputs);
  role.finishes = std::none_of(computed.begin(), computed.end(), [&](std::size_t later) {
    return later > index && outputs(rounds[later]);
  });
  return role;
}

}  // namespace

std::vector<LayerRound> layer_rounds(const ComputeLayer& layer, const LayerMapping& mapped,
                                     const StoredLayer& stored, const hw::HardwareConfig& hardware,
                                     const IndexTables& tables) {
  const nn::EpitomePlan& plan = *stored.plan;
  const std::vector<std::size_t> computed = stored.computed();
  std::vector<LayerRound> result;
  std::set<std::pair<int, int>> filled;
  for (const std::size_t index : computed) {
    const nn::EpitomeRound& round = plan.rounds()[index];
    LayerRound& added = result.emplace_back();
    added.layer = layer;
    added.layer.in_channels = round.in_count;
    added.layer.out_channels = round.out_count;
    added.mapping = round_mapping(round, mapped, plan, hardware);
    const bool fills = filled.insert({round.weight_in, round.in_count}).second;
    added.role = role_of(plan, index, fills, computed);
    added.role.index_table_ns = tables.lookup_ns() / static_cast<double>(computed.size());
  }
  return result;
}

EpitomeTraffic epitome_traffic(const ComputeLayer& layer, const StoredLayer& stored) {
  const nn::EpitomePlan& plan = *stored.plan;
  const std::vector<std::size_t> computed = stored.computed();
  EpitomeTraffic traffic;
  traffic.rounds = static_cast<long>(plan.rounds().size());
  traffic.computed_rounds = static_cast<long>(computed.size());
  const double positions = layer.positions();
  const double window = static_cast<double>(layer.kernel) * layer.kernel;
  std::set<std::pair<int, int>> filled;
  for (const std::size_t index : computed) {
    const nn::EpitomeRound& round = plan.rounds()[index];
    const bool fills = filled.insert({round.weight_in, round.in_count}).second;
    if (!fills) traffic.refetched_bits += positions * round.in_count * window * layer.input_bits;
    if (!role_of(plan, index, fills, computed).finishes) {
      traffic.partial_sums += positions * round.out_count;
    }
  }
  return traffic;
}

}  // namespace gibbon::sim
