#include "gibbon/sim/mapping/chip_mapping.hpp"

#include <gmock/gmock.h>

#include <set>

#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::conv;
using testing_support::map;
using testing_support::Mapped;

LayerMapping map_conv(const nn::Conv& layer, const hw::HardwareConfig& hardware, int size = 8) {
  const Mapped mapped = map(
      testing_support::network({layer.in_channels, size, size}, {{"conv", layer, {-1}}}), hardware);
  EXPECT_EQ(mapped.reason, "");
  return mapped.mapping.layers.at(0);
}

TEST(ChipMapping, ConvByHand) {
  // 256 rows hold floor(256 / 9) = 28 channels; 40 need 2 row blocks. 9-bit weights are 8 planes of
  // 2 column blocks for 300 outputs: 16 x 2 = 32 PEs on tiles of 4.
  const LayerMapping mapped = map_conv(conv(40, 300, 3, 1, 1), {});
  EXPECT_EQ(mapped.mx, 16);
  EXPECT_EQ(mapped.my, 2);
  EXPECT_EQ(mapped.pe_count, 32);
  EXPECT_EQ(mapped.tile_count, 8);
  EXPECT_EQ(mapped.pes_per_tile, 4);
  EXPECT_EQ(mapped.rows, 252);
  EXPECT_EQ(mapped.columns, 256);
  EXPECT_EQ(mapped.group_passes, 1);
}

TEST(ChipMapping, PolarityAndGroupsOfBitPlanes) {
  hw::HardwareConfig hardware;
  hardware.pe.polarity = 1;  // 9 planes
  EXPECT_EQ(map_conv(conv(3, 8, 3), hardware).mx, 9);
  hardware.pe.groups = 4;  // ceil(9 / 4)
  EXPECT_EQ(map_conv(conv(3, 8, 3), hardware).mx, 3);
  hardware.pe.groups = 16;
  EXPECT_EQ(map_conv(conv(3, 8, 3), hardware).mx, 1);
  EXPECT_EQ(map_conv(conv(3, 8, 3), hardware).bit_planes, 9);
}

TEST(ChipMapping, LinearOnBothSidesOfTheRows) {
  for (const int inputs : {256, 257}) {
    nn::Linear fc;
    fc.in_features = inputs;
    fc.out_features = 2;
    const Mapped mapped = map(testing_support::network({inputs, 1, 1}, {{"fc", fc, {-1}}}), {});
    EXPECT_EQ(mapped.mapping.layers[0].my, inputs == 256 ? 1 : 2);
    EXPECT_EQ(mapped.mapping.layers[0].rows, 256);
  }
}

TEST(ChipMapping, GroupsStackAlongTheWordlines) {
  // 64 channels in 8 groups of 8: 28 channels a crossbar are 3 whole groups, so 3 crossbars of
  // 3, 3 and 2 groups; each group has 72 rows and 64 / 8 = 8 columns.
  const LayerMapping mapped = map_conv(conv(64, 64, 3, 1, 1, 8), {});
  EXPECT_EQ(mapped.my, 3);
  EXPECT_EQ(mapped.mx, 8);
  EXPECT_EQ(mapped.group_passes, 3);
  EXPECT_EQ(mapped.rows, 72);
  EXPECT_EQ(mapped.columns, 8);
  EXPECT_EQ(mapped.channels_per_pe, 24);
  EXPECT_EQ(mapped.output_columns(), 24);
}

TEST(ChipMapping, GroupsThatExactlyFitAndThatDoNot) {
  // 28 channels a group exactly fill a crossbar; 29 need two each.
  EXPECT_EQ(map_conv(conv(56, 8, 3, 1, 1, 2), {}).my, 2);
  const LayerMapping split = map_conv(conv(58, 8, 3, 1, 1, 2), {});
  EXPECT_EQ(split.my, 4);
  EXPECT_EQ(split.group_passes, 1);
  EXPECT_EQ(split.rows, 252);
}

TEST(ChipMapping, FewGroupsDoNotFillTheirCrossbar) {
  const LayerMapping mapped = map_conv(conv(4, 4, 3, 1, 1, 2), {});  // room for 14 groups, 2 exist
  EXPECT_EQ(mapped.my, 1);
  EXPECT_EQ(mapped.group_passes, 2);
  EXPECT_EQ(mapped.rows, 18);
}

TEST(ChipMapping, SymmetricPaddingHasFourRowsAChannel) {
  nn::Conv layer = conv(16, 8, 2);
  layer.padding_mode = nn::PaddingMode::kSymmetric;
  EXPECT_EQ(map_conv(layer, {}).rows, 64);
}

TEST(ChipMapping, BuffersByHand) {
  const Mapped mapped = map(testing_support::network({3, 16, 16}, {{"a", conv(3, 8, 3, 1, 1), {-1}},
                                                                   {"b", conv(8, 8, 3, 1, 1), {0}},
                                                                   {"add", nn::Add{8, 9}, {0, 1}}}),
                            {});
  // b's input: 16 x 3 x 8 values of 9 bits are 432 bytes over 8 PEs: 54, so 64 bytes.
  EXPECT_DOUBLE_EQ(mapped.mapping.input_buffer_kb, 64.0 / 1024);
  // Outputs: 8 x 9 / 8 x 2 = 18 bytes over 2 tiles: 9, so 16.
  EXPECT_DOUBLE_EQ(mapped.mapping.output_buffer_kb, 16.0 / 1024);
  // The add: 2 x 8 values of 9 bits are 18 bytes: 32; 8 adders of 9 bits.
  EXPECT_DOUBLE_EQ(mapped.mapping.global_buffer_kb, 32.0 / 1024);
  EXPECT_EQ(mapped.mapping.global_adders, 8);
  EXPECT_EQ(mapped.mapping.global_adder_bits, 9);
}

TEST(ChipMapping, InfeasibleWithReason) {
  hw::HardwareConfig hardware;
  hardware.crossbar.rows = hardware.crossbar.subarray_rows = 8;
  EXPECT_THAT(
      map(testing_support::network({3, 8, 8}, {{"big", conv(3, 8, 3), {-1}}}), hardware).reason,
      testing::AllOf(HasSubstr("'big'"), HasSubstr("3x3"), HasSubstr("8 wordlines")));
  hardware.crossbar.rows = hardware.crossbar.subarray_rows = 9;
  hardware.chip.tile_rows = hardware.chip.tile_columns = 1;
  EXPECT_THAT(
      map(testing_support::network({1, 8, 8}, {{"c", conv(1, 8, 3), {-1}}}), hardware).reason,
      HasSubstr("needs 2 tiles, the chip has 1"));
  hardware.tile.pe_columns = 4;  // 8 PEs a tile: exactly one tile
  EXPECT_EQ(map(testing_support::network({1, 8, 8}, {{"c", conv(1, 8, 3), {-1}}}), hardware).reason,
            "");
}

hw::Chip chip_of(hw::TilePlacement placement, int rows, int columns) {
  hw::Chip chip;
  chip.placement = placement;
  chip.tile_rows = rows;
  chip.tile_columns = columns;
  return chip;
}

std::vector<TilePosition> placed(const hw::Chip& chip, int count) {
  std::vector<TilePosition> positions;
  place_tiles(chip, count, positions);
  return positions;
}

using P = TilePosition;

TEST(Placement, OrdersByHand) {
  EXPECT_THAT(placed(chip_of(hw::TilePlacement::kRowByRow, 2, 2), 4),
              ElementsAre(P{0, 0}, P{0, 1}, P{1, 0}, P{1, 1}));
  EXPECT_THAT(placed(chip_of(hw::TilePlacement::kSnake, 2, 2), 4),
              ElementsAre(P{0, 0}, P{0, 1}, P{1, 1}, P{1, 0}));
  EXPECT_THAT(
      placed(chip_of(hw::TilePlacement::kSquares, 3, 3), 9),
      ElementsAre(P{0, 0}, P{0, 1}, P{1, 1}, P{1, 0}, P{2, 0}, P{2, 1}, P{2, 2}, P{1, 2}, P{0, 2}));
  EXPECT_THAT(placed(chip_of(hw::TilePlacement::kZigZag, 3, 3), 7),
              ElementsAre(P{0, 0}, P{0, 1}, P{1, 0}, P{2, 0}, P{1, 1}, P{0, 2}, P{1, 2}));
}

TEST(Placement, EveryTileHasItsOwnPlaceOnTheGrid) {
  for (const auto placement : {hw::TilePlacement::kRowByRow, hw::TilePlacement::kSnake,
                               hw::TilePlacement::kZigZag, hw::TilePlacement::kSquares}) {
    for (const auto& [rows, columns] : {std::pair{5, 5}, std::pair{4, 7}, std::pair{7, 4}}) {
      if (placement == hw::TilePlacement::kSquares && rows != columns) continue;
      const auto positions = placed(chip_of(placement, rows, columns), rows * columns);
      std::set<std::pair<int, int>> seen;
      for (const P& p : positions) {
        EXPECT_TRUE(p.row >= 0 && p.row < rows && p.column >= 0 && p.column < columns);
        seen.emplace(p.row, p.column);
      }
      EXPECT_EQ(seen.size(), static_cast<std::size_t>(rows * columns));
    }
  }
}

TEST(Distances, ByHand) {
  hw::HardwareConfig hardware;
  hardware.chip = chip_of(hw::TilePlacement::kRowByRow, 4, 4);
  hardware.chip.buffer_bitwidth = 64;
  // a: tiles (0,0) (0,1), b: (0,2) (0,3), add, c: (1,0) (1,1).
  const Mapped mapped = map(testing_support::network({3, 8, 8}, {{"a", conv(3, 8, 3, 1, 1), {-1}},
                                                                 {"b", conv(8, 8, 3, 1, 1), {0}},
                                                                 {"add", nn::Add{8, 9}, {1, 0}},
                                                                 {"c", conv(8, 8, 3, 1, 1), {2}}}),
                            hardware);
  const auto& layers = mapped.mapping.layers;
  // a to b: from (0,1) 1 inside + 2 to (0,3); (0,0) would be 1 + 3. The add has no tiles.
  EXPECT_DOUBLE_EQ(layers[0].in_layer_distance, 1);
  EXPECT_DOUBLE_EQ(layers[0].transfer_distance, 2);
  EXPECT_EQ(layers[0].aggregate, (P{0, 1}));
  // b feeds the accumulator at row 2, column 0: (0,2) is 2 + 2 hops away.
  EXPECT_TRUE(layers[1].leaves_tiles);
  EXPECT_DOUBLE_EQ(layers[1].transfer_distance, 4);
  // The add to c's first tile (1,0): one hop, though (1,1) is two away [Q7].
  EXPECT_DOUBLE_EQ(layers[2].transfer_distance, 1);
  // The last layer goes nowhere; the first of its two equal tiles.
  EXPECT_DOUBLE_EQ(layers[3].transfer_distance, 0);
  EXPECT_EQ(layers[3].aggregate, (P{1, 0}));
}

}  // namespace
}  // namespace gibbon::sim
