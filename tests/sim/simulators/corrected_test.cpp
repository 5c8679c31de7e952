#include <gmock/gmock.h>

#include <cmath>

#include "gibbon/hw/component_library.hpp"
#include "gibbon/sim/circuits/crossbar_array.hpp"
#include "gibbon/sim/simulators/layer_parts.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"
#include "sim/random_designs.hpp"
#include "sim/small_networks.hpp"

/// The corrected model against hand calculations on a small chip: crossbars of 16 x 16 in two
/// subarrays of 8 rows, 4 DACs and 4 ADCs a subarray, 4 PEs a tile, ADCs of 6 bits (8 ns, 1.26 mW),
/// DACs of 1 bit (3 ns, 3.9 uW), a clock of 2 ns.
namespace gibbon::sim {
namespace {

using testing_support::conv;

constexpr double kAdcNs = 8, kAdcW = 1.26e-3;
constexpr double kDacNs = 3, kDacW = 3.9e-6;
constexpr double kCellW = 0.00225 / (1e10 / 3.367e5);  // V^2 / R of circuits_test.cpp
constexpr double kReadW = (0.0075695 / 20 * 1000 + 1.006428) * 1e-3;   // SRAM of 2 KB, 90 nm
constexpr double kWriteW = (0.0131361 / 20 * 1000 + 1.006428) * 1e-3;  // and 64 bits

hw::HardwareConfig small_chip() {
  hw::HardwareConfig hardware;
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.crossbar.subarray_rows = 8;
  hardware.pe.dacs_per_subarray = 4;
  hardware.pe.adcs_per_subarray = 4;
  hardware.adc = hw::adc_preset(6);
  return hardware;
}

/// A 1x1 convolution on one pixel: `in` rows, `out` columns, one output position.
nn::Network one_pixel(int in, int out, int weight_bits = 9, int groups = 1) {
  nn::Conv layer = conv(in, out, 1, 1, 0, groups);
  layer.weight_bits = weight_bits;
  layer.activation_bits = 9;
  return testing_support::network({in, 1, 1}, {{"c", layer, {-1}}});
}

MnsimEvaluation evaluate(const nn::Network& network, const hw::HardwareConfig& hardware,
                         const Corrections& corrections = Corrections::all()) {
  MnsimOptions options = corrected_options();
  options.corrections = corrections;
  MnsimEvaluation evaluation;
  EXPECT_FALSE(evaluate_mnsim(network, hardware, options, true, evaluation));
  return evaluation;
}

LayerResult layer_of(const nn::Network& network, const hw::HardwareConfig& hardware,
                     const char* model = "mnsim2-corrected", std::size_t index = 0) {
  return make_simulator(model)->simulate(network, hardware)->layers.at(index);
}

CrossbarWork work_of(const nn::Network& network, const hw::HardwareConfig& hardware) {
  const MnsimEvaluation e = evaluate(network, hardware);
  return crossbar_work(e.graph.layers[0], e.mapping.layers[0], e.units);
}

/// 12 rows (8 + 4), 6 columns, 8 planes in 8 PEs of 2 tiles. 8 input bits and a sign: 8 slices.
/// Rows: 2 turns of 4; columns: 2 turns of 4; 8 x 2 x 2 = 32 reads.
TEST(Corrected, ConversionsOfTheRowsThatAreActive) {
  const LayerResult layer = layer_of(one_pixel(12, 6), small_chip());
  EXPECT_DOUBLE_EQ(layer.busy_ns[Component::kAdc], 32 * kAdcNs);
  // The first subarray converts in both row turns, the second (4 rows) in one: 3 x 6 columns of 8
  // planes in 8 slices.
  EXPECT_NEAR(layer.energy_nj[Component::kAdc], 3 * 6 * 8 * 8 * kAdcNs * kAdcW, 1e-12);
  // Each row is driven in both column turns.
  EXPECT_NEAR(layer.energy_nj[Component::kDac], 12 * 2 * 8 * 8 * kDacNs * kDacW, 1e-15);
  // Each cell of both polarities is read once a slice.
  EXPECT_NEAR(layer.energy_nj[Component::kCrossbar],
              2 * 12 * 6 * 8 * 8 * kCellW * crossbar_read_latency_ns(small_chip()), 1e-12);
  // Mean ADCs at work: 144 conversions a slice over 4 reads.
  EXPECT_NEAR(layer.power_w[Component::kAdc], 36 * kAdcW, 1e-15);

  // MNSIM: 9 slices (with the sign), 8 DACs over the rows (2 turns): 36 reads; 2 ADCs a PE.
  const LayerResult mnsim = layer_of(one_pixel(12, 6), small_chip(), "mnsim2");
  EXPECT_DOUBLE_EQ(mnsim.busy_ns[Component::kAdc], 36 * kAdcNs);
  EXPECT_NEAR(mnsim.energy_nj[Component::kAdc], 16 * kAdcW * 36 * kAdcNs, 1e-12);
}

TEST(Corrected, TurnsOverTheRowsAtTheirBoundaries) {
  const auto turns = [](int rows, const Corrections& corrections) {
    const MnsimEvaluation e = evaluate(one_pixel(rows, 6), small_chip(), corrections);
    return e.timings[0].row_turns;
  };
  EXPECT_EQ(turns(4, Corrections::all()), 1);
  EXPECT_EQ(turns(5, Corrections::all()), 2);  // a fifth row for 4 DACs
  EXPECT_EQ(turns(8, Corrections::all()), 2);  // one subarray is full
  EXPECT_EQ(turns(9, Corrections::all()), 2);  // the ninth row has a subarray of its own
  EXPECT_EQ(turns(16, Corrections::all()), 2);
  EXPECT_EQ(turns(5, {}), 1);  // MNSIM lends the other subarray's DACs
  EXPECT_EQ(turns(9, {}), 2);
}

TEST(Corrected, ConversionsAtTheBoundariesOfRows) {
  // A subarray and row turn each: 4 rows 1, 5 and 8 rows 2, 9 and 12 rows 3, 13 and 16 rows 4;
  // 17 rows take another crossbar (4 + 1). Of 8 planes and 6 columns.
  for (const auto& [rows, conversions] : {std::pair{4, 1},
                                          {5, 2},
                                          {8, 2},
                                          {9, 3},
                                          {12, 3},
                                          {13, 4},
                                          {16, 4},
                                          {17, 5},
                                          {20, 5},
                                          {21, 6}}) {
    EXPECT_EQ(work_of(one_pixel(rows, 6), small_chip()).adc_conversions, conversions * 48) << rows;
  }
}

TEST(Corrected, ConversionsAtTheBoundariesOfColumns) {
  // 4 columns one turn, 5 two, 16 four; 17 take another crossbar: 4 + 1 turns. 12 rows of 8 planes.
  for (const auto& [columns, turns] :
       {std::pair{4, 1}, {5, 2}, {16, 4}, {17, 5}, {20, 5}, {21, 6}}) {
    const CrossbarWork work = work_of(one_pixel(12, columns), small_chip());
    EXPECT_EQ(work.dac_conversions, 12 * turns * 8) << columns;
    EXPECT_EQ(work.adc_conversions, 3 * columns * 8) << columns;
    EXPECT_EQ(work.selected_cells, 2 * 12 * columns * 8) << columns;
  }
}

TEST(Corrected, SubtractingAfterTheAdcDoublesTheConversions) {
  hw::HardwareConfig hardware = small_chip();
  hardware.pe.sub_position = 1;
  const MnsimEvaluation e = evaluate(one_pixel(12, 6), hardware);
  EXPECT_EQ(e.timings[0].column_turns, 3);  // 12 columns of both polarities for 4 ADCs
  EXPECT_EQ(work_of(one_pixel(12, 6), hardware).adc_conversions, 3 * 12 * 8);
  // MNSIM's time has 6 columns, 2 turns.
  EXPECT_EQ(evaluate(one_pixel(12, 6), hardware, {}).timings[0].column_turns, 2);
  hardware.pe.polarity = 1;  // nothing to subtract
  EXPECT_EQ(evaluate(one_pixel(12, 6), hardware).timings[0].column_turns, 2);
}

TEST(Corrected, TheSignIsNoInputSlice) {
  hw::HardwareConfig hardware = small_chip();
  for (const auto& [dac, slices] : {std::pair{1, 8}, {2, 4}, {3, 3}, {4, 2}}) {  // bits a DAC
    hardware.dac.bits = dac;
    EXPECT_EQ(evaluate(one_pixel(12, 6), hardware).timings[0].input_slices, slices) << dac;
  }
  EXPECT_EQ(evaluate(one_pixel(12, 6), hardware, {}).timings[0].input_slices, 3);  // ceil(9 / 4)
}

TEST(Corrected, MultiBitCellsSavePlanes) {
  hw::HardwareConfig hardware = small_chip();
  const auto planes = [&](int weight_bits, const char* model) {
    return layer_of(one_pixel(12, 6, weight_bits), hardware, model).processing_elements;
  };
  EXPECT_EQ(planes(9, "mnsim2-corrected"), 8);  // a bit a cell
  hardware.device.levels = 4;
  hardware.device.resistance_ohm = {1e6, 3e4, 2e4, 1e4};
  EXPECT_EQ(planes(8, "mnsim2-corrected"), 4);   // 7 bits in cells of 2
  EXPECT_EQ(planes(9, "mnsim2-corrected"), 4);   // 8 bits
  EXPECT_EQ(planes(10, "mnsim2-corrected"), 5);  // 9 bits
  EXPECT_EQ(planes(9, "mnsim2"), 8);
  const LayerResult layer = layer_of(one_pixel(12, 6), hardware);
  EXPECT_EQ(layer.tiles, 1);  // 4 PEs
  EXPECT_NEAR(layer.energy_nj[Component::kAdc], 3 * 6 * 4 * 8 * kAdcNs * kAdcW, 1e-12);
  EXPECT_NEAR(layer.utilization, 12 * 6 * 4 / (4 * 256.0), 1e-15);
  hardware.pe.polarity = 1;  // 9 bits, sign included
  EXPECT_EQ(planes(9, "mnsim2-corrected"), 5);
}

TEST(Corrected, EveryPeIsCountedOnce) {
  // 5 planes: 5 PEs in 2 tiles. MNSIM counts 2 tiles of 4.
  const LayerResult layer = layer_of(one_pixel(12, 6, 6), small_chip());
  const LayerResult mnsim = layer_of(one_pixel(12, 6, 6), small_chip(), "mnsim2");
  EXPECT_NEAR(layer.power_w[Component::kBufferRead], (5 + 2) * kReadW, 1e-15);
  EXPECT_NEAR(mnsim.power_w[Component::kBufferRead], (8 + 2) * kReadW, 1e-15);
  // 5 PEs of 6 outputs are joined to 2: 3 x 6 sums of one cycle of 2 ns.
  const double module_w = 2.64e-4 * (45.0 / 65) * (45.0 / 65);
  EXPECT_NEAR(layer.energy_nj[Component::kJointModule], 18 * 2 * module_w, 1e-15);
  // A full tile of 4 has 3 x 6.
  EXPECT_NEAR(layer_of(one_pixel(12, 6, 5), small_chip()).energy_nj[Component::kJointModule],
              18 * 2 * module_w, 1e-15);
}

TEST(Corrected, AddersBetweenPlanesCostEnergy) {
  hw::HardwareConfig hardware = small_chip();
  hardware.pe.groups = 4;  // 8 planes in 2 PEs: (8 - 2) x 6 additions of 8 bits, 2 ns each
  const LayerResult layer = layer_of(one_pixel(12, 6), hardware);
  EXPECT_NEAR(layer.energy_nj[Component::kAdder], 36 * 2 * 8 * 2.5e-9, 1e-18);
  EXPECT_EQ(layer_of(one_pixel(12, 6), hardware, "mnsim2").energy_nj[Component::kAdder], 0);
  hardware.pe.groups = 1;
  EXPECT_EQ(layer_of(one_pixel(12, 6), hardware).energy_nj[Component::kAdder], 0);
}

TEST(Corrected, BuffersCostWhileTheyWork) {
  const LayerResult layer = layer_of(one_pixel(12, 6), small_chip());
  // PE: 12 x 9 = 108 bits are 2 words of 64 (40 ns), in and out. Tile: 4 PEs x 6 columns x
  // (6 + 2) bits are 3 words in, 4 x 6 x 9 bits 4 words out.
  EXPECT_NEAR(layer.energy_nj[Component::kBufferRead], (8 * 40 + 2 * 80) * kReadW, 1e-12);
  EXPECT_NEAR(layer.energy_nj[Component::kBufferWrite], (8 * 40 + 2 * 60) * kWriteW, 1e-12);
  // MNSIM: all ten for both times.
  const LayerResult mnsim = layer_of(one_pixel(12, 6), small_chip(), "mnsim2");
  EXPECT_NEAR(mnsim.energy_nj[Component::kBufferRead], 10 * (40 + 80) * kReadW, 1e-12);
}

TEST(Corrected, WiresCostEnergy) {
  const LayerResult layer = layer_of(one_pixel(12, 6), small_chip());
  const double wire = 5e-5;  // nJ a bit and mm: 0.25 x 0.2 pF x 1 V^2
  const double edge_mm = std::sqrt(layer.area_um2.sum() / 2) * 1e-3;
  // The outputs of one tile, 4 x 6 x 9 bits, move one hop to the other.
  EXPECT_NEAR(layer.energy_nj[Component::kInterTile], 216 * wire * edge_mm, 1e-12);
  // Two levels in each of 2 tiles: 2 (6 + 2) - 2 x 3 / 2 = 13 bits of 6 columns; a PE's edge is
  // half.
  EXPECT_NEAR(layer.energy_nj[Component::kIntraTile], 2 * 13 * 6 * wire * edge_mm / 2, 1e-12);
  const LayerResult mnsim = layer_of(one_pixel(12, 6), small_chip(), "mnsim2");
  EXPECT_EQ(mnsim.energy_nj[Component::kInterTile] + mnsim.energy_nj[Component::kIntraTile], 0);
}

TEST(Corrected, LatencyByHand) {
  const double crossbar = crossbar_read_latency_ns(small_chip());
  // Line buffer 40 + 40; 32 reads of crossbar, DAC, ADC, demux and mux (2 stages each) and shift
  // register (2 ns); input registers (4 + 32) x 2, output registers 2 x 2, 2 levels of joint
  // modules; 78 bits in the tile at 1024 Gb/s; tile buffer 60 + 80; one hop of 2 + 216 / 20 ns.
  const double expected = 40 + 40 +
                          32 * (crossbar + kDacNs + kAdcNs + 2 * 0.27933 + 2 * 0.032744 + 2) + 72 +
                          4 + 4 + 78 / 1024.0 + 60 + 80 + (2 + 10.8);
  EXPECT_NEAR(layer_of(one_pixel(12, 6), small_chip()).finish_ns, expected, 1e-9);
}

TEST(Corrected, GroupsTakeTurnsAndAreCountedOnce) {
  // 3 groups of 4 rows and 2 columns share a crossbar: 3 passes of one turn; each group's rows are
  // converted once: 3 groups x 2 columns x 8 planes.
  const MnsimEvaluation e = evaluate(one_pixel(12, 6, 9, 3), small_chip());
  EXPECT_EQ(e.timings[0].row_turns, 3);
  const CrossbarWork work = work_of(one_pixel(12, 6, 9, 3), small_chip());
  EXPECT_EQ(work.adc_conversions, 3 * 2 * 8);
  EXPECT_EQ(work.dac_conversions, 12 * 8);
  EXPECT_EQ(work.selected_cells, 2 * 12 * 2 * 8);
}

TEST(Corrected, UnselectedColumnsOf0T1R) {
  // 16 columns in each of 2 column turns, 6 of them selected once: 26 of 12 rows, 2 x 8 arrays.
  EXPECT_EQ(work_of(one_pixel(12, 6), small_chip()).unselected_cells, 16 * 12 * 26);
}

nn::Network with_add(int outputs = 6) {
  nn::Conv layer = conv(12, outputs, 1);
  layer.activation_bits = 9;
  return testing_support::network(
      {12, 1, 1}, {{"a", layer, {-1}}, {"b", layer, {-1}}, {"sum", nn::Add{outputs, 9}, {0, 1}}});
}

TEST(Corrected, TheAccumulatorCosts) {
  const LayerResult sum = layer_of(with_add(), small_chip(), "mnsim2-corrected", 2);
  // 2 inputs x 6 x 9 bits are 13.5 bytes: the smallest memory; 6 adders of 9 bits.
  EXPECT_NEAR(sum.area_um2[Component::kBufferRead], 40580.3, 1e-9);
  EXPECT_NEAR(sum.area_um2[Component::kAdder], 6 * 9 * 0.2835, 1e-12);
  EXPECT_NEAR(sum.power_w[Component::kAdder], 6 * 9 * 2.5e-9, 1e-18);
  EXPECT_NEAR(sum.energy_nj[Component::kAdder], 6 * 9 * 2.5e-9 * 10, 1e-18);
  // 108 bits are 2 words of 20 ns.
  EXPECT_NEAR(sum.energy_nj[Component::kBufferRead], 40 * kReadW, 1e-14);
  EXPECT_NEAR(sum.energy_nj[Component::kBufferWrite], 40 * kWriteW, 1e-14);
  const LayerResult mnsim = layer_of(with_add(), small_chip(), "mnsim2", 2);
  EXPECT_EQ(mnsim.area_um2.sum() + mnsim.power_w.sum() + mnsim.energy_nj.sum(), 0);
}

TEST(Corrected, AccumulatorBanksGrowAtPowersOfTwo) {
  hw::HardwareConfig hardware = small_chip();
  ComputeLayer add;
  add.kind = ComputeKind::kAdd;
  add.operands = 2;
  add.output_bits = 8;
  add.out_channels = 1024;  // 2 x 1024 bytes: 2 KB
  EXPECT_NEAR(accumulator_of(add, hardware).bank.area_um2, 40580.3, 1e-9);
  add.out_channels = 1025;  // the next: 4 KB
  EXPECT_NEAR(accumulator_of(add, hardware).bank.area_um2, 68694.7, 1e-9);
  EXPECT_EQ(accumulator_of(add, hardware).adders, 1025);
  add.operands = 3;
  EXPECT_EQ(accumulator_of(add, hardware).adders, 2050);  // two additions a channel
  // Words of more than 256 bits come with 4 KB and above.
  add.out_channels = 1;
  hardware.chip.buffer_bitwidth = 512;
  EXPECT_NEAR(accumulator_of(add, hardware).bank.area_um2, 544121.685, 1e-6);
}

/// [Q14]: the size of the PEs' buffers is no size of a global one.
TEST(Corrected, PeBufferSizesMakeNoGlobalBuffer) {
  hw::HardwareConfig hardware = small_chip();
  hardware.pe.input_buffer_from_mapping = false;
  hardware.pe.input_buffer_kb = 4;
  EXPECT_GT(evaluate(one_pixel(12, 6), hardware, {}).buffers.global_kb, 0);
  EXPECT_EQ(evaluate(one_pixel(12, 6), hardware).buffers.global_kb, 0);
}

TEST(Corrected, OutputBuffersAreReadOnceInTime) {
  // A pool reads its output's 3 x 9 bits: one word, 20 ns, which MNSIM counts twice.
  const nn::Network network = testing_support::network(
      {3, 2, 2},
      {{"c", conv(3, 3, 1), {-1}}, {"p", nn::Pool{nn::PoolMode::kMax, 2, 2, 0, 9}, {0}}});
  Corrections once;
  once.single_reads = true;
  const MnsimEvaluation corrected = evaluate(network, small_chip(), once);
  const MnsimEvaluation mnsim = evaluate(network, small_chip(), {});
  EXPECT_NEAR(mnsim.timings[1].position_ns[0] - corrected.timings[1].position_ns[0], 20, 1e-9);
  EXPECT_NEAR(mnsim.timings[0].position_ns[0], corrected.timings[0].position_ns[0], 1e-9);
  EXPECT_EQ(corrected.figures[1].busy_ns[Component::kInterTile], 0);
  EXPECT_EQ(mnsim.figures[1].busy_ns[Component::kInterTile], 20);
}

TEST(Corrected, AddsReachTheFarthestTile) {
  nn::Conv layer = conv(12, 6, 1);
  const nn::Network network = testing_support::network({12, 1, 1}, {{"a", layer, {-1}},
                                                                    {"b", layer, {-1}},
                                                                    {"sum", nn::Add{6, 9}, {0, 1}},
                                                                    {"c", conv(6, 6, 1), {2}}});
  // Tiles 4 and 5 of growing squares are (2, 0) and (2, 1); the accumulator is beside row 64 / 2.
  EXPECT_EQ(evaluate(network, small_chip(), {}).mapping.layers[2].transfer_distance, 30);
  EXPECT_EQ(evaluate(network, small_chip()).mapping.layers[2].transfer_distance, 31);
}

TEST(Corrected, DistancesHaveNoCutOff) {
  hw::HardwareConfig hardware = small_chip();
  hardware.chip.tile_rows = 2000;  // one column: the first layer's 2 tiles are above all others
  hardware.chip.tile_columns = 1;
  hardware.chip.placement = hw::TilePlacement::kRowByRow;
  // A layer of `in` outputs has in / 16 column blocks of 8 PEs, one that reads them as many row
  // blocks: in / 8 = n tiles each. From tile t >= n / 2 of the first it is t to its own farthest
  // tile and 2 n - 1 - t to the second's end, 2 n - 1 in all.
  const auto distance = [&](int in, const Corrections& corrections) {
    const nn::Network network = testing_support::network(
        {12, 1, 1}, {{"a", conv(12, in, 1), {-1}}, {"b", conv(in, 16, 1), {0}}});
    const auto mapping = evaluate(network, hardware, corrections).mapping;
    return mapping.layers[0].in_layer_distance + mapping.layers[0].transfer_distance;
  };
  EXPECT_EQ(distance(4000, {}), 999);
  EXPECT_EQ(distance(4000, Corrections::all()), 999);
  EXPECT_EQ(distance(4016, {}), 0);  // 502 tiles each: 1003 hops
  EXPECT_EQ(distance(4016, Corrections::all()), 1003);
}

TEST(Corrected, UnitPowers) {
  hw::HardwareConfig hardware = small_chip();
  hardware.dac = hw::dac_preset(6);
  EXPECT_DOUBLE_EQ(chip_units(hardware).dac.power_w, 0.4992);
  EXPECT_DOUBLE_EQ(chip_units(hardware, Corrections::all()).dac.power_w, 3.9e-6 * 128);  // 2^7
  hardware.dac.power_w = 0.3;  // the user's own
  EXPECT_DOUBLE_EQ(chip_units(hardware, Corrections::all()).dac.power_w, 0.3);
  hardware.tile.pooling_size = 4;
  EXPECT_EQ(chip_units(hardware).pooling.area_um2, 0);
  EXPECT_NEAR(chip_units(hardware, Corrections::all()).pooling.area_um2, 91917.1562 * 4 / 9, 1e-9);
  EXPECT_NEAR(chip_units(hardware, Corrections::all()).pooling.power_w, 3.082e-3 * 4 / 9, 1e-15);
  hardware.tile.pooling_size = 9;
  EXPECT_DOUBLE_EQ(chip_units(hardware, Corrections::all()).pooling.area_um2, 91917.1562);
}

TEST(Corrected, NoCorrectionIsMnsimToTheLastBit) {
  testing_support::RandomDesigns designs(5);
  const MnsimSimulator bare({InputBitRule::kExplicit, ScheduleMode::kPipelined, false, {}});
  for (int i = 0; i < 20; ++i) {
    const nn::Network network = designs.network(16, 3);
    const hw::HardwareConfig hardware = designs.hardware();
    const auto a = bare.cost(network, hardware);
    const auto b = make_simulator("mnsim2")->cost(network, hardware);
    ASSERT_EQ(a.ok(), b.ok());
    if (!a) continue;
    EXPECT_EQ(a->energy_mj, b->energy_mj);
    EXPECT_EQ(a->latency_ms, b->latency_ms);
    EXPECT_EQ(a->power_w, b->power_w);
  }
}

}  // namespace
}  // namespace gibbon::sim
