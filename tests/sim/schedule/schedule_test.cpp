#include "gibbon/sim/schedule/schedule.hpp"

#include <gmock/gmock.h>

#include "gibbon/hw/component_library.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing::ElementsAre;
using testing_support::conv;

ComputeGraph graph_of(const nn::Network& network) {
  ComputeGraph graph;
  build_compute_graph(network, InputBitRule::kExplicit, graph);
  return graph;
}

LayerTiming timing_of(std::array<double, 4> position_ns) {
  LayerTiming timing;
  timing.position_ns = position_ns;
  return timing;
}

Timeline run(const ComputeGraph& graph, const std::vector<LayerTiming>& timings,
             ScheduleMode mode) {
  Timeline timeline;
  run_schedule(graph, timings, mode, true, timeline);
  return timeline;
}

/// a: 1x1, b: 2x2 windows without padding, on 3x3 inputs: b has 2x2 positions.
ComputeGraph two_layers() {
  return graph_of(
      testing_support::network({1, 3, 3}, {{"a", conv(1, 1, 1), {-1}}, {"b", conv(1, 1, 2), {0}}}));
}

TEST(Schedule, PipelineByHand) {
  const Timeline timeline = run(two_layers(), {timing_of({5, 2, 1, 1}), timing_of({1, 1, 1, 9})},
                                ScheduleMode::kPipelined);
  // Costs by class: first, left, top, inner. a: 5 1 1 | 2 1 1 | 2 1 1.
  EXPECT_THAT(timeline.finishes_of(0), ElementsAre(5, 6, 7, 9, 10, 11, 13, 14, 15));
  // b waits for the elements (1,1), (1,2), (2,1), (2,2) of a: 10, 11, 14, 15.
  EXPECT_THAT(timeline.begins_of(1), ElementsAre(10, 11, 14, 15));
  EXPECT_THAT(timeline.finishes_of(1), ElementsAre(11, 12, 15, 24));
  EXPECT_DOUBLE_EQ(timeline.latest_finish(), 24);
}

TEST(Schedule, LayerByLayerByHand) {
  const Timeline timeline = run(two_layers(), {timing_of({5, 2, 1, 1}), timing_of({1, 1, 1, 9})},
                                ScheduleMode::kLayerByLayer);
  EXPECT_THAT(timeline.finishes_of(1), ElementsAre(16, 17, 18, 27));
}

TEST(Schedule, PaddingShortensTheWait) {
  // A 3x3 window with padding 1 reaches one element down and right; at the border it stops.
  const auto graph = graph_of(testing_support::network(
      {1, 2, 2}, {{"a", conv(1, 1, 1), {-1}}, {"b", conv(1, 1, 3, 1, 1), {0}}}));
  const Timeline timeline =
      run(graph, {timing_of({1, 1, 1, 1}), timing_of({1, 1, 1, 1})}, ScheduleMode::kPipelined);
  EXPECT_THAT(timeline.begins_of(1), ElementsAre(4, 5, 6, 7));
}

TEST(Schedule, SymmetricPaddingWaitsAsA3x3Window) {
  nn::Conv symmetric = conv(1, 1, 2);
  symmetric.padding_mode = nn::PaddingMode::kSymmetric;
  const auto graph = graph_of(
      testing_support::network({1, 3, 3}, {{"a", conv(1, 1, 1), {-1}}, {"b", symmetric, {0}}}));
  const Timeline timeline =
      run(graph, {timing_of({1, 1, 1, 1}), timing_of({0, 0, 0, 0})}, ScheduleMode::kPipelined);
  // Elements (1,1) (1,2) (1,2) | (2,1) (2,2) (2,2) | (2,1) (2,2) (2,2), finished at 5 6 ... 9.
  EXPECT_THAT(timeline.begins_of(1), ElementsAre(5, 6, 6, 8, 9, 9, 9, 9, 9));
}

TEST(Schedule, AddWaitsForAllItsInputs) {
  const auto graph = graph_of(testing_support::network(
      {1, 1, 2},
      {{"a", conv(1, 1, 1), {-1}}, {"b", conv(1, 1, 1), {-1}}, {"s", nn::Add{1, 9}, {0, 1}}}));
  const Timeline timeline =
      run(graph, {timing_of({1, 0, 9, 0}), timing_of({4, 0, 1, 0}), timing_of({2, 2, 2, 2})},
          ScheduleMode::kPipelined);
  // a: 1, 10; b: 4, 5; the sum begins at 4 and 10.
  EXPECT_THAT(timeline.finishes_of(2), ElementsAre(6, 12));
}

/// a and b of 1x2, side by side, read by a 1x1 convolution c.
ComputeGraph joined(nn::LayerParameters reader) {
  return graph_of(testing_support::network({1, 1, 2}, {{"a", conv(1, 1, 1), {-1}},
                                                       {"b", conv(1, 2, 1), {-1}},
                                                       {"j", nn::Concat{}, {0, 1}},
                                                       {"r", nn::Relu{}, {2}},
                                                       {"c", std::move(reader), {3}}}));
}

TEST(Schedule, AConcatsReaderWaitsForItsLaterBranch) {
  const auto a = timing_of({1, 0, 9, 0});
  const auto b = timing_of({4, 0, 1, 0});
  const auto c = timing_of({2, 2, 2, 2});
  // a: 1, 10; b: 4, 5. The first element is complete at 4, the second at 10.
  const Timeline pipelined = run(joined(conv(3, 1, 1)), {a, b, c}, ScheduleMode::kPipelined);
  EXPECT_THAT(pipelined.begins_of(2), ElementsAre(4, 10));
  EXPECT_THAT(pipelined.finishes_of(2), ElementsAre(6, 12));
  // Layer by layer, and for a linear layer, everything has to be there: 10, of a.
  const Timeline in_turn = run(joined(conv(3, 1, 1)), {a, b, c}, ScheduleMode::kLayerByLayer);
  EXPECT_THAT(in_turn.begins_of(2), ElementsAre(10, 12));
  nn::Linear linear;
  linear.in_features = 6;
  linear.out_features = 2;
  for (const auto mode : {ScheduleMode::kPipelined, ScheduleMode::kLayerByLayer}) {
    EXPECT_THAT(run(joined(linear), {a, b, c}, mode).begins_of(2), ElementsAre(10));
    EXPECT_THAT(run(joined(linear), {b, a, c}, mode).begins_of(2), ElementsAre(10));
  }
}

TEST(Schedule, AConcatOfTheInputAndItsLayerWaitsForTheLayer) {
  const auto graph = graph_of(testing_support::network(
      {1, 1, 2},
      {{"a", conv(1, 1, 1), {-1}}, {"j", nn::Concat{}, {-1, 0}}, {"c", conv(2, 1, 1), {1}}}));
  for (const auto mode : {ScheduleMode::kPipelined, ScheduleMode::kLayerByLayer}) {
    const Timeline timeline = run(graph, {timing_of({3, 0, 3, 0}), timing_of({1, 1, 1, 1})}, mode);
    const double first = mode == ScheduleMode::kPipelined ? 3 : 6;
    EXPECT_THAT(timeline.begins_of(1),
                ElementsAre(first, mode == ScheduleMode::kPipelined ? 6 : 7));
  }
}

/// Flattened, an element of the concat is there with the last pixel of a.
TEST(Schedule, AFlattenBeforeAConcatWaitsForTheWholeImage) {
  const auto graph = graph_of(testing_support::network({1, 1, 2}, {{"a", conv(1, 1, 1), {-1}},
                                                                   {"b", conv(1, 1, 1), {-1}},
                                                                   {"fa", nn::Flatten{}, {0}},
                                                                   {"fb", nn::Flatten{}, {1}},
                                                                   {"j", nn::Concat{}, {2, 3}},
                                                                   {"c", conv(4, 1, 1), {4}}}));
  const Timeline timeline =
      run(graph, {timing_of({1, 0, 9, 0}), timing_of({4, 0, 1, 0}), timing_of({2, 2, 2, 2})},
          ScheduleMode::kPipelined);
  EXPECT_THAT(timeline.begins_of(2), ElementsAre(10));
}

TEST(Schedule, PrintedLatencyIsTheLayerThatFinishesFirstLast) {
  // a keeps producing after b, which needs only a's first element, has ended.
  const auto graph = graph_of(testing_support::network(
      {1, 2, 2}, {{"a", conv(1, 1, 1), {-1}}, {"b", conv(1, 1, 1, 2), {0}}}));
  const Timeline timeline =
      run(graph, {timing_of({1, 1, 1, 1}), timing_of({1, 1, 1, 1})}, ScheduleMode::kPipelined);
  EXPECT_DOUBLE_EQ(timeline.latest_finish(), 4);
  EXPECT_DOUBLE_EQ(printed_latency_ns(graph, timeline), 2);
}

TEST(LayerTiming, ConvByHand) {
  // 3 -> 8 channels, 3x3, padding 1 on 16x16, 9 bits, defaults with ADC 6 (6 bits, 8 ns).
  hw::HardwareConfig hardware;
  hardware.adc = hw::adc_preset(6);
  const auto mapped = testing_support::map(
      testing_support::network({3, 16, 16}, {{"c", conv(3, 8, 3, 1, 1), {-1}}}), hardware);
  const LayerMapping& mapping = mapped.mapping.layers[0];
  const LayerTiming timing =
      time_layer(mapped.graph.layers[0], mapping, chip_units(hardware), ScheduleMode::kPipelined);
  // 9 input cycles x ceil(27/128) x ceil(8/128) = 9 reads.
  EXPECT_DOUBLE_EQ(timing.dac_ns, 9 * 3.0);
  EXPECT_DOUBLE_EQ(timing.adc_ns, 9 * 8.0);
  EXPECT_NEAR(timing.crossbar_ns, 9 * 3.16001284, 1e-12);
  EXPECT_DOUBLE_EQ(timing.input_register_ns, (1 + 9) * 2.0);
  EXPECT_DOUBLE_EQ(timing.output_register_ns, 2);
  EXPECT_DOUBLE_EQ(timing.joint_module_ns, 2 * 2.0);  // 4 PEs: two levels
  // (2 x (6 + 2) - 3) x 8 / 1024
  EXPECT_DOUBLE_EQ(timing.intra_tile_ns, 13 * 8 / 1024.0);
  // Line buffer: 3 channels x 9 bits x (4, 2, 3, 1) new elements in 64-bit words of 20 ns.
  EXPECT_THAT(timing.line_write_ns, ElementsAre(40, 20, 40, 20));
  // 3 channels x 9 bits x (9, 9, 3, 3).
  EXPECT_THAT(timing.line_read_ns, ElementsAre(80, 80, 40, 40));
  EXPECT_DOUBLE_EQ(timing.buffer_write_ns, 80);  // 8 bits x 8 columns x 4 PEs
  EXPECT_DOUBLE_EQ(timing.buffer_read_ns, 100);  // 9 bits x 32: 4.5 words
}

TEST(LayerTiming, GroupsCostNoTimeWhileTheirRowTurnsAreNoMore) {
  hw::HardwareConfig hardware;
  hardware.pe.dacs_per_subarray = 72;
  const auto read_time = [&](int groups) {
    const auto mapped = testing_support::map(
        testing_support::network({24, 8, 8}, {{"c", conv(24, 24, 3, 1, 1, groups), {-1}}}),
        hardware);
    return time_layer(mapped.graph.layers[0], mapped.mapping.layers[0], chip_units(hardware),
                      ScheduleMode::kPipelined)
        .crossbar_ns;
  };
  // 216 rows: 3 turns of 72 DACs; 3 groups of 72 rows: 3 turns; 6 groups of 36 rows: 6 turns.
  EXPECT_DOUBLE_EQ(read_time(3), read_time(1));
  EXPECT_DOUBLE_EQ(read_time(6), 2 * read_time(1));
}

TEST(LayerTiming, PoolByHand) {
  const auto mapped = testing_support::map(
      testing_support::network({16, 8, 8}, {{"c", conv(16, 16, 1), {-1}},
                                            {"p", nn::Pool{nn::PoolMode::kMax, 2, 2, 0, 9}, {0}}}),
      {});
  const LayerTiming timing = time_layer(mapped.graph.layers[1], mapped.mapping.layers[1],
                                        chip_units({}), ScheduleMode::kPipelined);
  EXPECT_DOUBLE_EQ(timing.pooling_ns, 100);      // ceil(16/64) x ceil(4/9)
  EXPECT_DOUBLE_EQ(timing.buffer_write_ns, 60);  // 16 x 9 bits: 2.25 words
  // 16 x 9 bits x 4 elements are 9 words, written and read; 100 + 60 + 2 x 60 [Q16].
  EXPECT_DOUBLE_EQ(timing.position_ns[3], 180 + 180 + 100 + 60 + 120);
}

}  // namespace
}  // namespace gibbon::sim
