#include "gibbon/sim/crossbar/bit_plane_plan.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <utility>

#include "gibbon/sim/crossbar/code_table.hpp"

namespace gibbon::sim {

namespace {

constexpr int kMaxCycles = 8;
constexpr std::size_t kMaxParts = 15;  // weights of 15 bits in columns with a sign
constexpr int kTableLimit = 256;
constexpr std::uint32_t kFourTimes = 0x01010101;

using Tap = std::pair<int, int>;

/// Channels of a block with the same kernel offsets, in the order of its rows.
struct ChannelClass {
  std::vector<int> channels;
  std::vector<std::vector<int>> rows;  ///< [channel][tap]
};

std::map<std::vector<Tap>, ChannelClass> classes_of(const RowBlock& block) {
  std::map<int, std::pair<std::vector<Tap>, std::vector<int>>> channels;
  for (std::size_t row = 0; row < block.rows.size(); ++row) {
    auto& [taps, rows] = channels[block.rows[row].channel];
    taps.emplace_back(block.rows[row].dy, block.rows[row].dx);
    rows.push_back(static_cast<int>(row));
  }
  std::map<std::vector<Tap>, ChannelClass> classes;
  for (auto& [channel, both] : channels) {
    ChannelClass& same = classes[both.first];
    same.channels.push_back(channel);
    same.rows.push_back(std::move(both.second));
  }
  return classes;
}

/// Steps for all taps of `channels` channels in one byte: as many taps share a step as fit it.
int steps_of(int channels, int taps) {
  const int taps_of_a_step = 8 / channels;
  return (taps + taps_of_a_step - 1) / taps_of_a_step;
}

/// How many of the channels left to put into the next byte: six are better split where a byte of
/// four and one of two take fewer steps.
int next_channels(int left, int taps) {
  if (left >= 8) return 8;
  const auto power = static_cast<int>(std::bit_floor(static_cast<unsigned>(left)));
  if (power == left) return left;
  const int split = steps_of(power, taps) + steps_of(left - power, taps);
  return split < steps_of(left, taps) ? power : left;
}

/// The row of every bit of a step, -1 where there is none.
using StepRows = std::array<int, 8>;

/// Appends a byte of channels to the images, and the steps that read it.
void append_byte(const ChannelClass& same, const std::vector<Tap>& taps, int first, int count,
                 const PixelTiles& tiles, BitPlan& plan, BitBlock& block,
                 std::vector<StepRows>& step_rows) {
  const auto byte = static_cast<int>(plan.bytes.size());
  plan.bytes.emplace_back(same.channels.begin() + first, same.channels.begin() + first + count);
  const int taps_of_a_step = 8 / count;
  for (int tap = 0; tap < static_cast<int>(taps.size()); ++tap) {
    const int shift = tap % taps_of_a_step * count;
    if (shift == 0) {
      block.step_starts.push_back(block.step_starts.back());
      step_rows.emplace_back().fill(-1);
    }
    const auto [dy, dx] = taps[static_cast<std::size_t>(tap)];
    block.sources.push_back({tiles.row_offset({byte, dy, dx}), shift});
    ++block.step_starts.back();
    for (int c = 0; c < count; ++c) {
      step_rows.back()[static_cast<std::size_t>(shift + c)] =
          same.rows[static_cast<std::size_t>(first + c)][static_cast<std::size_t>(tap)];
    }
  }
}

std::vector<StepRows> lay_out_steps(const RowBlock& rows, const PixelTiles& tiles, BitPlan& plan,
                                    BitBlock& block) {
  std::vector<StepRows> step_rows;
  for (const auto& [taps, same] : classes_of(rows)) {
    const auto channels = static_cast<int>(same.channels.size());
    for (int first = 0; first < channels;) {
      const int count = next_channels(channels - first, static_cast<int>(taps.size()));
      append_byte(same, taps, first, count, tiles, plan, block, step_rows);
      first += count;
    }
  }
  return step_rows;
}

/// The cells of eight wordlines in all columns of an output, a bit each.
struct StepCells {
  std::array<std::uint8_t, kMaxParts> plus{};
  std::array<std::uint8_t, kMaxParts> minus{};
};

StepCells cells_of(const std::int16_t* weights, const StepRows& rows, int parts, SumRange* counts) {
  StepCells cells;
  for (std::size_t bit = 0; bit < 8; ++bit) {
    if (rows[bit] < 0) continue;
    const int weight = weights[rows[bit]];
    auto& side = weight < 0 ? cells.minus : cells.plus;
    for (int j = 0; j < parts; ++j) {
      const int set = std::abs(weight) >> j & 1;
      side[static_cast<std::size_t>(j)] |= static_cast<std::uint8_t>(set << bit);
      (weight < 0 ? counts[j].minus : counts[j].plus) += set;
    }
  }
  return cells;
}

/// Appends the columns of one output, whose cells are counted into `counts` [parts].
void pack_output(const std::int16_t* weights, int parts, const std::vector<StepRows>& steps,
                 BitBlock& block, SumRange* counts) {
  std::vector<StepCells> cells;
  for (const StepRows& rows : steps) cells.push_back(cells_of(weights, rows, parts, counts));
  for (std::size_t j = 0; j < static_cast<std::size_t>(parts); ++j) {
    for (std::size_t step = 0; step < cells.size(); ++step) {
      const std::uint32_t plus = cells[step].plus[j];
      const std::uint32_t minus = cells[step].minus[j];
      if ((plus | minus) == 0) continue;
      block.weights.push_back({static_cast<std::int32_t>(step),
                               static_cast<std::int32_t>(plus * kFourTimes),
                               static_cast<std::int32_t>(minus * kFourTimes)});
    }
    block.column_starts.push_back(static_cast<int>(block.weights.size()));
  }
}

/// The codes of all sums of the layer; false where they do not fit.
bool fill_table(const AdcTransfer& adc, const SumRange& most, BitPlan& plan) {
  const int sums = most.span() + 1;
  if (sums > kTableLimit) return false;
  const auto codes = code_table(adc, most);
  if (!codes) return false;
  std::copy(codes->begin(), codes->end(), plan.table.begin());
  plan.table_size = std::max(64, static_cast<int>(std::bit_ceil(static_cast<unsigned>(sums))));
  return true;
}

bool suits_bit_planes(const CrossbarLayer& layer) {
  return layer.dac_bits == 1 && layer.cell_bits == 1 && layer.adc.mode == AdcMode::kScale &&
         layer.cycles <= kMaxCycles;
}

}  // namespace

std::optional<BitPlan> make_bit_plan(const CrossbarLayer& layer, const PixelTiles& tiles) {
  if (!suits_bit_planes(layer)) return std::nullopt;
  BitPlan plan;
  plan.out_channels = layer.out_channels;
  plan.cycles = layer.cycles;
  plan.parts = layer.parts;
  plan.unit = power_of_two(-(layer.adc.top_shift + layer.adc.fraction_bits()));
  std::vector<std::vector<SumRange>> counts;  // [block][output][part]
  SumRange most;
  for (const RowBlock& rows : layer.blocks) {
    BitBlock& block = plan.blocks.emplace_back();
    block.first_output = rows.first_output;
    block.output_count = rows.output_count;
    const std::vector<StepRows> steps = lay_out_steps(rows, tiles, plan, block);
    plan.max_steps = std::max(plan.max_steps, block.steps());
    auto& columns = counts.emplace_back(static_cast<std::size_t>(rows.output_count * layer.parts));
    for (int output = 0; output < rows.output_count; ++output) {
      const std::int16_t* weights =
          rows.weights.data() + output * static_cast<long>(rows.rows.size());
      pack_output(weights, layer.parts, steps, block, columns.data() + output * layer.parts);
    }
    for (const SumRange& column : columns) most.widen(column);
  }
  if (!fill_table(layer.adc, most, plan)) return std::nullopt;
  for (std::size_t b = 0; b < plan.blocks.size(); ++b) {
    BitBlock& block = plan.blocks[b];
    for (const SumRange& column : counts[b]) {
      block.first_code.push_back(static_cast<std::uint8_t>(most.minus - column.minus));
    }
    for (int output = 0; output < block.output_count; ++output) {
      const auto room = exact_room(layer.adc, counts[b].data() + output * layer.parts, layer.cycles,
                                   layer.parts, layer.cell_bits);
      if (!room) return std::nullopt;
      block.room.push_back(*room);
    }
  }
  return plan;
}

}  // namespace gibbon::sim
