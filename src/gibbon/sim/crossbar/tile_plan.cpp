#include "gibbon/sim/crossbar/tile_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {

namespace {

BlockPlan pack_block(const CrossbarLayer& layer, const PixelTiles& tiles, const RowBlock& block,
                     int digit_offset) {
  BlockPlan plan;
  plan.first_output = block.first_output;
  plan.output_count = block.output_count;
  const int rows = static_cast<int>(block.rows.size());
  plan.quads = ceil_div(rows, 4);
  plan.row_offsets.assign(static_cast<std::size_t>(plan.quads) * 4, 0);
  for (int r = 0; r < rows; ++r) {
    const auto index = static_cast<std::size_t>(r);
    plan.row_offsets[index] = tiles.row_offset(block.rows[index]);
  }
  const int output_tiles = ceil_div(block.output_count, kOutputTile);
  const auto columns = static_cast<std::size_t>(output_tiles * layer.parts * kOutputTile);
  std::vector<std::uint32_t> words(columns * static_cast<std::size_t>(plan.quads));
  plan.corrections.resize(columns);
  for (int output = 0; output < block.output_count; ++output) {
    for (int j = 0; j < layer.parts; ++j) {
      const int tile_part = output / kOutputTile * layer.parts + j;
      const int lane = output % kOutputTile;
      int column_sum = 0;
      for (int r = 0; r < rows; ++r) {
        const int digit = signed_digit(block.weights[static_cast<std::size_t>(output * rows + r)],
                                       j, layer.cell_bits);
        column_sum += digit;
        const int word = (tile_part * plan.quads + r / 4) * kOutputTile + lane;
        words[static_cast<std::size_t>(word)] |= static_cast<std::uint32_t>(digit & 0xff)
                                                 << (8 * (r % 4));
      }
      plan.corrections[static_cast<std::size_t>(tile_part * kOutputTile + lane)] =
          -digit_offset * column_sum;
    }
  }
  plan.weights.assign(words.begin(), words.end());
  return plan;
}

/// The largest |column sum| that any input can cause.
int largest_sum(const CrossbarLayer& layer) {
  int largest = 0;
  for (const RowBlock& block : layer.blocks) {
    const std::size_t rows = block.rows.size();
    for (int output = 0; output < block.output_count; ++output) {
      for (int j = 0; j < layer.parts; ++j) {
        int sum = 0;
        for (std::size_t r = 0; r < rows; ++r) {
          sum += std::abs(signed_digit(block.weights[static_cast<std::size_t>(output) * rows + r],
                                       j, layer.cell_bits));
        }
        largest = std::max(largest, sum);
      }
    }
  }
  return largest * ((1 << layer.dac_bits) - 1);
}

/// The kernels' rounding of sum * multiplier, for |value| < 2^22, with the product rounded by
/// itself or not.
float rounded(float value) {
  constexpr float kRounder = 12582912.0F;
  return (value + kRounder) - kRounder;
}
float fused_rounded(float sum, float multiplier) {
  constexpr float kRounder = 12582912.0F;
  return std::fma(sum, multiplier, kRounder) - kRounder;
}

/// One multiplier that gives the same codes as the converter's own sequence of roundings for every
/// sum up to `largest`, if there is one near the exact ratio. Codes are odd functions of the sum.
std::optional<float> find_multiplier(const AdcTransfer& adc, int largest) {
  const double exact = static_cast<double>(adc.weight_scale) * adc.input_scale / adc.output_range *
                       std::ldexp(1.0, adc.top_shift + adc.fraction_bits());
  const auto agrees = [&](float candidate) {
    for (int sum = 0; sum <= largest; ++sum) {
      const auto value = static_cast<float>(sum);
      const float code = adc.scale_code(value);
      if (rounded(std::min(value * candidate, adc.limit())) != code) return false;
      if (value * candidate < adc.limit() && fused_rounded(value, candidate) != code) return false;
    }
    return true;
  };
  float above = static_cast<float>(exact);
  float below = above;
  if (!std::isfinite(above) || above <= 0) return std::nullopt;
  for (int step = 0; step < 8; ++step) {
    if (agrees(above)) return above;
    if (agrees(below)) return below;
    above = std::nextafter(above, std::numeric_limits<float>::infinity());
    below = std::nextafter(below, 0.0F);
  }
  return std::nullopt;
}

void choose_epilogue(const CrossbarLayer& layer, TilePlan& plan) {
  const AdcTransfer& adc = layer.adc;
  const int largest = largest_sum(layer);
  std::optional<float> multiplier;
  if (adc.mode == AdcMode::kScale && adc.resolution <= 20) {
    multiplier = find_multiplier(adc, largest);
  }
  if (adc.mode == AdcMode::kIdeal) {
    plan.epilogue = Epilogue::kInteger;
  } else if (multiplier) {
    plan.multiplier = *multiplier;
    plan.limit = adc.limit();
    plan.epilogue = static_cast<float>(largest) * *multiplier < plan.limit
                        ? Epilogue::kMultiply
                        : Epilogue::kMultiplyClamp;
    plan.unit = power_of_two(-(adc.top_shift + adc.fraction_bits()));
  } else {
    plan.epilogue = Epilogue::kTable;
    plan.table_origin = largest;
    for (int sum = -largest; sum <= largest; ++sum) {
      plan.table.push_back(adc.convert(static_cast<float>(sum)));
    }
    plan.unit = power_of_two(-adc.top_shift);
  }
  for (int i = 0; i < layer.cycles; ++i) {
    for (int j = 0; j < layer.parts; ++j) plan.factors.push_back(power_of_two(layer.shift(i, j)));
  }
}

}  // namespace

TileBuffers::TileBuffers(const TilePlan& plan, int pixels) {
  const auto tile = static_cast<std::size_t>(pixels);
  const std::size_t count = static_cast<std::size_t>(plan.max_quads) * 4 * tile;
  values.resize(count);
  digits.resize(ceil_div(count * static_cast<std::size_t>(plan.cycles), sizeof(TileRow)));
  sums.resize(static_cast<std::size_t>(plan.out_channels) * tile);
  low.resize(kOutputTile * tile);
  high.resize(static_cast<std::size_t>(plan.parts) * kOutputTile * tile);
}

TilePlan make_tile_plan(const CrossbarLayer& layer, const PixelTiles& tiles) {
  TilePlan plan;
  plan.out_channels = layer.out_channels;
  plan.cycles = layer.cycles;
  plan.parts = layer.parts;
  plan.dac_bits = layer.dac_bits;
  plan.cell_bits = layer.cell_bits;
  plan.digit_offset = (1 << layer.dac_bits) - 1;
  for (const RowBlock& block : layer.blocks) {
    plan.blocks.push_back(pack_block(layer, tiles, block, plan.digit_offset));
    plan.max_quads = std::max(plan.max_quads, plan.blocks.back().quads);
  }
  choose_epilogue(layer, plan);
  return plan;
}

namespace {

/// From [output tile][part][kOutputTile] to AMX's tiles of outputs.
void arrange_corrections(int parts, BlockPlan& block) {
  const int outputs = block.amx.outputs;
  std::vector<std::int32_t> arranged(
      static_cast<std::size_t>(block.amx.output_tiles * parts * outputs));
  for (int output = 0; output < block.output_count; ++output) {
    for (int part = 0; part < parts; ++part) {
      const int from = (output / kOutputTile * parts + part) * kOutputTile + output % kOutputTile;
      const int to = (output / outputs * parts + part) * outputs + output % outputs;
      arranged[static_cast<std::size_t>(to)] = block.corrections[static_cast<std::size_t>(from)];
    }
  }
  block.corrections = std::move(arranged);
}

}  // namespace

void lay_out_for_amx(const CrossbarLayer& layer, TilePlan& plan) {
  for (std::size_t b = 0; b < plan.blocks.size(); ++b) {
    BlockPlan& block = plan.blocks[b];
    block.amx = pack_amx_weights(layer.blocks[b], plan.parts, plan.cell_bits);
    block.quads = block.amx.all_quads();
    block.row_offsets.resize(static_cast<std::size_t>(block.quads) * 4);
    block.weights.clear();
    arrange_corrections(plan.parts, block);
    plan.max_quads = std::max(plan.max_quads, block.quads);
  }
}

}  // namespace gibbon::sim
