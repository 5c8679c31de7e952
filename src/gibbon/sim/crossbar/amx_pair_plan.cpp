#include "gibbon/sim/crossbar/amx_pair_plan.hpp"

#include <algorithm>
#include <utility>

#include "gibbon/sim/circuits/integer_math.hpp"
#include "gibbon/sim/crossbar/code_table.hpp"

namespace gibbon::sim {

namespace {

/// m in every field of a word.
constexpr std::int32_t kEveryField =
    1 | 1 << kFieldBits | 1 << (2 * kFieldBits) | 1 << (3 * kFieldBits);

using OutputRanges = std::array<SumRange, kAmxRows>;

/// The ranges of the outputs of one weight tile, whose rows start at `row`.
OutputRanges ranges_of(const AmxWeights& weights, const TileRow* row) {
  OutputRanges ranges;
  for (std::size_t output = 0; output < static_cast<std::size_t>(weights.outputs); ++output) {
    // Missing rows are 0, so that all bytes of a row count; digits of 64 of them fit 16 bits.
    std::int16_t sum = 0;
    std::int16_t size = 0;
    for (const std::uint8_t byte : row[output].bytes) {
      const auto digit = static_cast<std::int16_t>(static_cast<std::int8_t>(byte));
      sum = static_cast<std::int16_t>(sum + digit);
      size = static_cast<std::int16_t>(size + (digit < 0 ? -digit : digit));
    }
    ranges[output] = {(size + sum) / 2, (size - sum) / 2};
  }
  return ranges;
}

void add(OutputRanges& to, const OutputRanges& from) {
  for (std::size_t output = 0; output < to.size(); ++output) {
    to[output].plus += from[output].plus;
    to[output].minus += from[output].minus;
  }
}

int largest_span(const OutputRanges& ranges) {
  int largest = 0;
  for (const SumRange& range : ranges) largest = std::max(largest, range.span());
  return largest;
}

void close_segment(int end, const OutputRanges& ranges, PairBlock& block) {
  PairSegment& segment = block.segments.emplace_back();
  segment.end = end;
  for (std::size_t output = 0; output < ranges.size(); ++output) {
    segment.bias[output] = ranges[output].minus * kEveryField;
  }
}

/// Cuts the rows of one part of an output tile into segments; the ranges of its whole columns, or
/// empty where fields or an index would overflow.
std::optional<OutputRanges> cut_segments(const TileRow* row, PairBlock& block) {
  const AmxWeights& weights = block.weights;
  OutputRanges whole{};
  OutputRanges segment{};
  for (int tile = 0; tile < weights.quad_tiles; ++tile, row += weights.outputs) {
    const OutputRanges ranges = ranges_of(weights, row);
    if (largest_span(ranges) > kFieldLimit) return std::nullopt;
    OutputRanges longer = segment;
    add(longer, ranges);
    if (largest_span(longer) > kFieldLimit) {
      close_segment(tile, segment, block);
      longer = ranges;
    }
    segment = longer;
    add(whole, ranges);
  }
  close_segment(weights.quad_tiles, segment, block);
  block.segment_starts.push_back(static_cast<int>(block.segments.size()));
  if (largest_span(whole) > kLargestIndex) return std::nullopt;
  return whole;
}

/// Packs one row block; the ranges of its columns [output tile][part], or empty where it does not
/// suit.
std::optional<std::vector<OutputRanges>> pack_block(const CrossbarLayer& layer,
                                                    const RowBlock& rows, const PixelTiles& tiles,
                                                    PairBlock& block) {
  block.first_output = rows.first_output;
  block.output_count = rows.output_count;
  block.weights = pack_amx_weights(rows, layer.parts, layer.cell_bits);
  for (const RowSource& row : rows.rows) block.row_offsets.push_back(tiles.row_offset(row));
  block.row_offsets.resize(static_cast<std::size_t>(block.weights.all_quads()) * 4);
  std::vector<OutputRanges> columns;
  for (int tile = 0; tile < block.weights.output_tiles; ++tile) {
    for (int part = 0; part < layer.parts; ++part) {
      const auto ranges = cut_segments(block.weights.column(tile, part, layer.parts), block);
      if (!ranges) return std::nullopt;
      columns.push_back(*ranges);
    }
  }
  return columns;
}

/// False where an output's sum may leave the range of exact float32 integers within the block.
bool fill_room(const CrossbarLayer& layer, const std::vector<OutputRanges>& columns,
               PairBlock& block) {
  const auto parts = static_cast<std::size_t>(layer.parts);
  for (int output = 0; output < block.output_count; ++output) {
    const auto tile = static_cast<std::size_t>(output / block.weights.outputs);
    const auto place = static_cast<std::size_t>(output % block.weights.outputs);
    std::vector<SumRange> ranges;
    for (std::size_t j = 0; j < parts; ++j) ranges.push_back(columns[tile * parts + j][place]);
    const auto room =
        exact_room(layer.adc, ranges.data(), layer.cycles, layer.parts, layer.cell_bits);
    if (!room) return false;
    block.room.push_back(*room);
  }
  return true;
}

void fill_windows(const SumRange& most, const std::vector<OutputRanges>& columns,
                  PairBlock& block) {
  for (const OutputRanges& ranges : columns) {
    auto& window = block.windows.emplace_back();
    for (std::size_t output = 0; output < ranges.size(); ++output) {
      window[output] = most.minus - ranges[output].minus;
    }
  }
}

bool suits(const CrossbarLayer& layer) {
  return layer.dac_bits == 1 && layer.cycles <= 2 * kMaxPairs && layer.cell_bits <= 7 &&
         layer.adc.mode == AdcMode::kScale;
}

}  // namespace

std::optional<AmxPairPlan> make_amx_pair_plan(const CrossbarLayer& layer, const PixelTiles& tiles) {
  if (!suits(layer)) return std::nullopt;
  AmxPairPlan plan;
  plan.out_channels = layer.out_channels;
  plan.pairs = ceil_div(layer.cycles, 2);
  plan.parts = layer.parts;
  plan.cell_bits = layer.cell_bits;
  plan.unit = power_of_two(-(layer.adc.top_shift + layer.adc.fraction_bits()));
  std::vector<std::vector<OutputRanges>> columns;  // [block][output tile][part]
  SumRange most;
  for (const RowBlock& rows : layer.blocks) {
    PairBlock& block = plan.blocks.emplace_back();
    auto packed = pack_block(layer, rows, tiles, block);
    if (!packed) return std::nullopt;
    columns.push_back(std::move(*packed));
    plan.max_quads = std::max(plan.max_quads, block.weights.all_quads());
    for (std::size_t c = 1; c < block.segment_starts.size(); ++c) {
      plan.max_segments =
          std::max(plan.max_segments, block.segment_starts[c] - block.segment_starts[c - 1]);
    }
    for (const OutputRanges& ranges : columns.back()) {
      for (const SumRange& range : ranges) most.widen(range);
    }
  }
  auto codes = code_table(layer.adc, most);
  if (!codes) return std::nullopt;
  plan.table = std::move(*codes);
  plan.table.resize(static_cast<std::size_t>(most.minus + kLargestIndex + 1));
  for (std::size_t b = 0; b < plan.blocks.size(); ++b) {
    if (!fill_room(layer, columns[b], plan.blocks[b])) return std::nullopt;
    fill_windows(most, columns[b], plan.blocks[b]);
  }
  return plan;
}

}  // namespace gibbon::sim
