// The cost of epitome layers: rounds, index tables and partial sums beside the convolution's.

#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/sim/epitome/storage_costs.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using test::error_of;
using testing_support::conv;
using testing_support::network;

/// 64 to 128 channels, 3x3, on 8x8 positions: 3 row blocks of 28 channels.
nn::Network wide_conv() {
  return network({64, 8, 8}, {{"conv", conv(64, 128, 3, 1, 1), {nn::kNetworkInput}}});
}

constexpr int kSlices = 8;

StoredLayer convolution() {
  return {{}, kSlices};
}

StoredLayer epitome(nn::EpitomeShape shape, nn::OutputBlocks outputs = nn::OutputBlocks::kSpread) {
  const std::vector<LayerStorage> storage = {{shape, kSlices, outputs}};
  return stored_layers(wide_conv(), storage)[0];
}

MnsimEvaluation evaluated(const StoredLayer& layer, const MnsimOptions& options = {},
                          const hw::HardwareConfig& hardware = {}) {
  MnsimEvaluation evaluation;
  const auto reason =
      evaluate_mnsim(wide_conv(), hardware, options, false, evaluation, {&layer, 1});
  EXPECT_FALSE(reason) << reason->reason;
  return evaluation;
}

class EpitomeCost : public testing::TestWithParam<const char*> {
 protected:
  MnsimOptions options() const { return packed_model(GetParam()); }
};

/// Packing puts 128 outputs x 8 slices in 1024 columns: 3 x 4 PEs, one crossbar pair each.
TEST_P(EpitomeCost, APackedConvolutionTakesThePackedCrossbars) {
  const MnsimEvaluation packed = evaluated(convolution(), options());
  EXPECT_EQ(packed.mapping.layers[0].pe_count, 12);
  EXPECT_EQ(packed.mapping.layers[0].pe_count, packed_crossbars(64, 9, 128, 8, {}));
  EXPECT_EQ(packed.mapping.layers[0].columns, 256);
  EXPECT_EQ(packed.mapping.layers[0].rows, 28 * 9);
}

/// A convolution of 9-bit weights, and of one slice with eight times the outputs, are the same
/// matrix to packed crossbars: without the buffers and links, which carry outputs and not slices.
TEST_P(EpitomeCost, PackedSlicesAreColumnsToTheCrossbars) {
  const MnsimEvaluation packed = evaluated(convolution(), options());
  nn::Conv wide = conv(64, 1024, 3, 1, 1);
  wide.weight_bits = 2;
  const nn::Network wide_network = network({64, 8, 8}, {{"conv", wide, {nn::kNetworkInput}}});
  MnsimEvaluation planes;
  ASSERT_FALSE(evaluate_mnsim(wide_network, {}, options(), false, planes));
  for (const Component part : {Component::kCrossbar, Component::kAdc, Component::kDac,
                               Component::kMux, Component::kJointModule}) {
    EXPECT_GT(packed.figures[0].energy_nj[part], 0);
    EXPECT_DOUBLE_EQ(packed.figures[0].energy_nj[part], planes.figures[0].energy_nj[part]);
    EXPECT_DOUBLE_EQ(packed.figures[0].busy_ns[part], planes.figures[0].busy_ns[part]);
  }
}

/// A plan of one round costs the convolution and one look-up a position in three tables of 2 KB.
TEST_P(EpitomeCost, OneRoundIsTheConvolutionAndALookUp) {
  const MnsimEvaluation whole = evaluated(convolution(), options());
  const StoredLayer one_round = epitome({128, 64, 3, 3});
  ASSERT_EQ(one_round.plan->rounds().size(), 1u);
  const MnsimEvaluation rounds = evaluated(one_round, options());
  // 64 positions x 20 ns.
  const double look_up_ns = rounds.timings[0].index_table_ns;
  EXPECT_EQ(look_up_ns, 20);
  for (std::size_t i = 0; i < kPositionClasses; ++i) {
    EXPECT_DOUBLE_EQ(rounds.timings[0].position_ns[i],
                     whole.timings[0].position_ns[i] + look_up_ns);
  }
  const Buffer table = *buffer_of(hw::Chip{}, 2);
  EXPECT_NEAR(rounds.figures[0].energy_nj.sum(),
              whole.figures[0].energy_nj.sum() + 64 * 20 * 3 * table.read_power_w, 1e-9);
  // 12 PEs x 128 ADCs could add rounds.
  EXPECT_NEAR(rounds.figures[0].area_um2.sum(),
              whole.figures[0].area_um2.sum() + 3 * table.area_um2 +
                  12 * 128 * rounds.units.joint_module.area_um2,
              1e-6);
}

/// 28 of 64 input channels: 3 blocks of 22, 21, 21. Each round reads one row block; the first and
/// the second leave partial sums, the second and third read them back.
TEST_P(EpitomeCost, InputBlocksLeavePartialSums) {
  const StoredLayer stored = epitome({128, 28, 3, 3});
  const MnsimEvaluation run = evaluated(stored, options());
  const EpitomeLayer& in_rounds = *run.epitomes[0];
  ASSERT_EQ(in_rounds.rounds.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const LayerRound& round = in_rounds.rounds[i];
    const LayerTiming& timing = in_rounds.timings[i];
    EXPECT_EQ(round.mapping.pe_count, 4);
    EXPECT_EQ(round.mapping.rows, (i == 0 ? 22 : 21) * 9);
    EXPECT_TRUE(round.role.fills);
    EXPECT_EQ(round.role.accumulates, i > 0);
    EXPECT_EQ(round.role.finishes, i == 2);
    EXPECT_EQ(timing.partial_read_ns, i > 0 ? timing.buffer_write_ns : 0);
    EXPECT_EQ(timing.accumulate_ns, i > 0 ? run.units.clock_ns : 0);
    EXPECT_EQ(timing.buffer_read_ns > 0, i == 2);
    EXPECT_GT(timing.buffer_write_ns, 0);
  }
  const EpitomeTraffic traffic = epitome_traffic(run.graph.layers[0], stored);
  EXPECT_EQ(traffic.partial_sums, 64 * 2 * 128);
  EXPECT_EQ(traffic.refetched_bits, 0);
}

/// 64 of 128 output channels: both rounds are complete, the second fetches its inputs again.
TEST_P(EpitomeCost, OutputBlocksFetchTheirInputsAgain) {
  const StoredLayer stored = epitome({64, 64, 3, 3});
  const MnsimEvaluation run = evaluated(stored, options());
  const std::vector<LayerTiming>& timings = run.epitomes[0]->timings;
  ASSERT_EQ(timings.size(), 2u);
  EXPECT_GT(timings[0].line_write_ns[3], 0);
  EXPECT_EQ(timings[1].line_write_ns[3], 0);
  EXPECT_EQ(timings[1].line_read_ns[3], timings[0].line_read_ns[3]);
  const EpitomeTraffic traffic = epitome_traffic(run.graph.layers[0], stored);
  // 64 positions x 64 channels x 9 elements x 9 bits, once again.
  EXPECT_EQ(traffic.refetched_bits, 64.0 * 64 * 9 * 9);
  EXPECT_EQ(traffic.partial_sums, 0);
}

/// Wrapped outputs are computed once: half the crossbars' work, and one round. Spread outputs are
/// computed twice, though 64 of 128 channels give the same plan.
TEST_P(EpitomeCost, WrappedOutputsAreComputedOnce) {
  const StoredLayer wrapped = epitome({64, 64, 3, 3}, nn::OutputBlocks::kWrapped);
  const StoredLayer spread = epitome({64, 64, 3, 3});
  EXPECT_EQ(wrapped.plan->rounds(), spread.plan->rounds());
  EXPECT_EQ(wrapped.computed(), std::vector<std::size_t>({0}));
  EXPECT_EQ(spread.computed(), std::vector<std::size_t>({0, 1}));
  const MnsimEvaluation once = evaluated(wrapped, options());
  const MnsimEvaluation twice = evaluated(spread, options());
  EXPECT_DOUBLE_EQ(twice.figures[0].energy_nj[Component::kAdc],
                   2 * once.figures[0].energy_nj[Component::kAdc]);
  EXPECT_LT(once.timeline.latest_finish(), twice.timeline.latest_finish());
  // Both look two OFAT entries up, one a channel range of each copy.
  EXPECT_EQ(once.timings[0].index_table_ns, 40);
}

/// The paper's reason to search: an epitome for every layer saves crossbars and costs time.
TEST_P(EpitomeCost, AUniformEpitomeIsSlowerThanTheConvolution) {
  const MnsimEvaluation whole = evaluated(convolution(), options());
  const MnsimEvaluation smaller = evaluated(epitome({64, 28, 3, 3}), options());
  EXPECT_LT(smaller.mapping.layers[0].pe_count, whole.mapping.layers[0].pe_count);
  EXPECT_GT(smaller.timeline.latest_finish(), whole.timeline.latest_finish());
}

TEST_P(EpitomeCost, FiguresAreFiniteAndNotNegative) {
  for (const int in : {5, 28, 29, 64}) {
    for (const int out : {1, 33, 128}) {
      const MnsimEvaluation run = evaluated(epitome({out, in, 3, 3}), options());
      for (const ComponentValues* values : {&run.figures[0].busy_ns, &run.figures[0].area_um2,
                                            &run.figures[0].power_w, &run.figures[0].energy_nj}) {
        for (const double value : values->values) EXPECT_TRUE(std::isfinite(value) && value >= 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EpitomeCost, testing::Values("mnsim2", "mnsim2-corrected"),
                         [](const auto& name) {
                           return std::string(name.param) == "mnsim2" ? "Mnsim" : "Corrected";
                         });

/// 4 input blocks x 2 output blocks of 512 to 512 channels on 8 row blocks of 16 x 256 columns:
/// IFAT 8 rounds x 2 x 9 bits, IFRT 8 x 2 x ceil(log2 1152) = 8 x 22, OFAT 8 x 18.
TEST(IndexTables, HaveAnEntryForEachRound) {
  const StoredLayer stored = {nn::spread_plan({512, 512, 3}, {256, 128, 3, 3}), 8};
  ASSERT_EQ(stored.plan->rounds().size(), 8u);
  const IndexTables tables = *index_tables(stored, {});
  EXPECT_EQ(tables.ifat_bits, 144);
  EXPECT_EQ(tables.ifrt_bits, 176);
  EXPECT_EQ(tables.ofat_bits, 144);
  EXPECT_EQ(tables.lookup_ns(), 8 * 20);
  EXPECT_NEAR(tables.lookup_nj(), 8 * 20 * 3 * tables.ifat.read_power_w, 1e-12);
}

TEST(IndexTables, WrappedRoundsNeedAnOutputAddressOnly) {
  const StoredLayer stored = {
      nn::spread_plan({512, 512, 3}, {256, 128, 3, 3}, nn::OutputBlocks::kWrapped), 8, true};
  const IndexTables tables = *index_tables(stored, {});
  EXPECT_EQ(tables.ifat_bits, 4 * 18);
  EXPECT_EQ(tables.ofat_bits, 8 * 18);
}

TEST(IndexTables, NeedAMemoryThatExists) {
  hw::Chip chip;
  chip.buffer_bitwidth = 512;
  const auto tables = index_tables({nn::spread_plan({4, 4, 1}, {2, 4, 1, 1}), 8}, chip);
  ASSERT_FALSE(tables.ok());
  EXPECT_EQ(tables.reason().rfind("index table: no SRAM", 0), 0u) << tables.reason();
}

TEST(StoredLayers, MistakesNameTheLayer) {
  const nn::Network net = wide_conv();
  EXPECT_EQ(error_of([&] { stored_layers(net, {}); }),
            "network 'small' has 1 layers, storage is given for 0");
  const std::vector<LayerStorage> small = {{nn::EpitomeShape{1, 1, 2, 2}, 8}};
  EXPECT_EQ(error_of([&] { stored_layers(net, small); }),
            "layer 'conv': epitome plan: an epitome of 2x2 has no window of 3x3");
  const nn::Network grouped =
      network({64, 8, 8}, {{"conv", conv(64, 128, 3, 1, 1, 2), {nn::kNetworkInput}}});
  const std::vector<LayerStorage> fits = {{nn::EpitomeShape{64, 32, 3, 3}, 8}};
  EXPECT_EQ(error_of([&] { stored_layers(grouped, fits); }),
            "layer 'conv': 2 groups; only ungrouped convolutions can be epitomes");
}

TEST(StorageChoices, StartWithTheConvolutionAndKeepTheLimits) {
  EpitomeChoices limits;
  limits.halvings = 2;
  limits.max_compression = 4;
  limits.max_wrap = 2;
  const auto choices = storage_choices(conv(64, 128, 3, 1, 1), 256, limits);
  EXPECT_FALSE(choices[0].epitome);
  for (std::size_t i = 1; i < choices.size(); ++i) {
    const nn::EpitomeShape& shape = *choices[i].epitome;
    EXPECT_LE(128.0 * 64 * 9 / static_cast<double>(shape.elements()), 4);
    EXPECT_TRUE(shape.in_channels == 64 || shape.in_channels % 28 == 0 || shape.in_channels < 28);
    const bool wrapped = choices[i].outputs == nn::OutputBlocks::kWrapped;
    EXPECT_TRUE(!wrapped || shape.out_channels >= 64);
  }
  // 128 or 64 or 32 x 64, 28 (of 32) at most: 28 x 32 would be a ninth.
  EXPECT_EQ(storage_choices(conv(64, 128, 3, 1, 1, 2), 256, limits).size(), 1u);
}

/// The table's costs of a design are those of the model where all layers made the same choice.
TEST(StorageCosts, AgreeWithTheModelForUniformDesigns) {
  const nn::Network net = network({16, 8, 8}, {{"a", conv(16, 32, 3, 1, 1), {nn::kNetworkInput}},
                                               {"b", conv(32, 64, 3, 1, 1), {0}}});
  const hw::HardwareConfig hardware;
  const MnsimOptions options = packed_model("mnsim2");
  const StorageCosts costs(net, hardware, options, {}, {3, 5});
  ASSERT_EQ(costs.layers().size(), 2u);
  for (const std::uint8_t width : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::vector<StorageCosts::Choice> design(2, {1, width});
    const std::vector<LayerStorage> storage = costs.storage(design);
    const auto result = simulate_stored(net, hardware, options, stored_layers(net, storage));
    ASSERT_TRUE(result.ok());
    const StorageCosts::Totals totals = costs.totals(design);
    EXPECT_DOUBLE_EQ(totals.latency_ns, result->latency_ns);
    EXPECT_NEAR(totals.energy_nj, result->energy_nj(), 1e-9 * totals.energy_nj);
    const NetworkCrossbars counted = count_packed_crossbars(net, storage);
    EXPECT_EQ(totals.crossbars, counted.crossbars());
    EXPECT_EQ(totals.stored_weights, counted.stored_weights());
  }
}

TEST(StorageCosts, ADesignThatDoesNotFitIsRefused) {
  hw::HardwareConfig hardware;
  hardware.chip.tile_rows = hardware.chip.tile_columns = 1;
  EXPECT_EQ(error_of([&] { StorageCosts(wide_conv(), hardware, {}, {}, {9}); }),
            "choice 0 of every layer, weights of 9 bits: the network needs 3 tiles, the chip has 1 "
            "(1 x 1)");
}

}  // namespace
}  // namespace gibbon::sim
