#include "gibbon/sim/simulators/digital_cim.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "error_of.hpp"
#include "gibbon/nn/vision_transformer.hpp"
#include "gibbon/sim/digital/roofline.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using test::error_of;
using testing_support::conv;
using testing_support::network;

hw::HardwareConfig chip(const hw::DigitalCim& cim = {}) {
  hw::HardwareConfig hardware;
  hardware.digital_cim = cim;
  return hardware;
}

/// 4 PEs of 16 x 16 with 4 cells; 1 GB/s are 10 bytes a cycle of 10 ns.
hw::DigitalCim four_pe_chip() {
  hw::DigitalCim cim;
  cim.frequency_mhz = 100;
  cim.pe.count = 4;
  cim.pe.rows = cim.pe.columns = 16;
  cim.pe.buffer_kb = 64;
  cim.pe.buffer_bytes_per_cycle = 1e6;
  cim.shared_memory.size_kb = 64;
  cim.shared_memory.bytes_per_cycle = 1e6;
  cim.dram.gb_per_s = 1;
  cim.vector.lanes = 4;
  return cim;
}

nn::Network pointwise() {
  nn::Conv layer = conv(64, 64, 1);
  layer.weight_bits = layer.activation_bits = 8;
  return network({64, 8, 8}, {{"c", layer, {-1}}});
}

/// 64 positions, 64 x 64 weights: 4 x 4 blocks for 4 PEs of 4 cells would fill every cell, and a
/// shared memory of 8 KB does not hold them beside the result of 4096 bytes, so that they come
/// again each time: 4096 bytes from DRAM, 409.6 cycles of loading; the image of 9 bits is 4608
/// bytes, 460.8 cycles. Computing takes 64 x 16 x 9 / 4 = 2304 cycles on any grid. The finest
/// filling hides most of the load: 4 PEs with the same block and a quarter of the positions each,
/// one cell at work while the next is written, 16 fillings: 2304 + 409.6 / 16 = 2329.6 cycles of 10
/// ns.
TEST(DigitalCim, OneConvolutionByHand) {
  hw::DigitalCim cim = four_pe_chip();
  cim.shared_memory.size_kb = 8;
  const auto result = *DigitalCimSimulator().simulate(pointwise(), chip(cim));
  ASSERT_EQ(result.layers.size(), 1u);
  EXPECT_NEAR(result.latency_ns, (2304 + 25.6) * 10, 1e-6);
  EXPECT_EQ(result.layers[0].bound_by, "compute");
  EXPECT_EQ(result.layers[0].processing_elements, 4);
  EXPECT_EQ(result.layers[0].utilization, 1);
  EXPECT_NEAR(result.layers[0].busy_ns[Component::kDram], (409.6 + 460.8) * 10, 1e-6);
  // 8704 bytes of 8 bits at 20.3125 pJ.
  EXPECT_NEAR(result.layers[0].energy_nj[Component::kDram], 8704 * 8 * 20.3125e-3, 1e-9);
  EXPECT_EQ(result.operations, 2 * 64 * 64 * 64);
}

/// With 64 KB the weights stay in the shared memory: no load from DRAM. Each PE writes all 16
/// blocks of 16 rows, 256 cycles, a sixteenth of which is not hidden.
TEST(DigitalCim, WeightsInTheSharedMemory) {
  const auto result = *DigitalCimSimulator().simulate(pointwise(), chip(four_pe_chip()));
  EXPECT_NEAR(result.latency_ns, (2304 + 16) * 10, 1e-6);
  EXPECT_NEAR(result.layers[0].busy_ns[Component::kDram], 4608, 1e-6);
  EXPECT_NEAR(result.layers[0].busy_ns[Component::kArrayWrite], 2560, 1e-6);
}

/// With 8 PEs 2 cells suffice, and two are left for operands that are computed: the weights stay,
/// nothing is written, and the DRAM gives the image alone. 64 positions x 2 blocks x 9 cycles =
/// 1152.
TEST(DigitalCim, WeightsThatFitStay) {
  hw::DigitalCim cim = four_pe_chip();
  cim.pe.count = 8;
  const auto result = *DigitalCimSimulator().simulate(pointwise(), chip(cim));
  EXPECT_NEAR(result.latency_ns, 11520, 1e-6);
  EXPECT_EQ(result.layers[0].energy_nj[Component::kArrayWrite], 0);
  EXPECT_NEAR(result.layers[0].busy_ns[Component::kDram], 4608, 1e-6);
  cim.pe.cells_per_column = 3;
  const auto moved = *DigitalCimSimulator().simulate(pointwise(), chip(cim));
  EXPECT_GT(moved.layers[0].energy_nj[Component::kArrayWrite], 0);
}

/// A product of two activations is written into the arrays at every inference, whatever the cells.
TEST(DigitalCim, KeysAndValuesAreWrittenEachTime) {
  hw::DigitalCim cim = four_pe_chip();
  cim.pe.cells_per_column = 64;
  nn::MatMul scores;
  scores.heads = 2;
  scores.transposed = true;
  nn::Conv query = conv(8, 8, 1);
  const nn::Network net = network({8, 4, 1}, {{"q", query, {-1}},
                                              {"k", query, {-1}},
                                              {"s", scores, {0, 1}},
                                              {"soft", nn::Softmax{2}, {2}}});
  const auto result = *DigitalCimSimulator().simulate(net, chip(cim));
  ASSERT_EQ(result.layers.size(), 4u);
  EXPECT_EQ(result.layers[0].energy_nj[Component::kArrayWrite], 0);
  EXPECT_GT(result.layers[2].energy_nj[Component::kArrayWrite], 0);
  EXPECT_GT(result.layers[2].busy_ns[Component::kArrayWrite], 0);
  // 2 heads x 4 x 4 scores x 8 operations on 4 lanes: 64 cycles of 10 ns.
  EXPECT_NEAR(result.layers[3].busy_ns[Component::kVectorUnit], 640, 1e-9);
  EXPECT_EQ(result.layers[3].bound_by, "vector");
}

WorkloadStep step(double output_bytes, std::vector<int> sources) {
  WorkloadStep made;
  made.output_bytes = output_bytes;
  made.sources = std::move(sources);
  return made;
}

/// 0 (40 bytes) is needed until 2; 1 (50) fits beside it in 90 but not in 89.
TEST(DigitalCim, ResultsThatDoNotFitGoToDram) {
  const std::vector<WorkloadStep> steps = {step(40, {-1}), step(50, {0}), step(10, {0, 1})};
  const Placement fits = place_activations(steps, 100);
  EXPECT_EQ(fits.in_dram, (std::vector<bool>{false, false, false}));
  EXPECT_EQ(fits.spare_bytes, (std::vector<double>{100, 60, 10}));
  EXPECT_EQ(place_activations(steps, 90).in_dram, (std::vector<bool>{false, false, true}));
  EXPECT_EQ(place_activations(steps, 89).in_dram, (std::vector<bool>{false, true, false}));
  EXPECT_EQ(place_activations(steps, 0).in_dram, (std::vector<bool>{true, true, true}));
}

TEST(DigitalCim, MoreOfEverythingIsNeverSlower) {
  const nn::Network vit = nn::make_vision_transformer({});
  const DigitalCimSimulator simulator;
  const double before = simulator.cost(vit, chip())->latency_ms;
  hw::DigitalCim cim;
  cim.dram.gb_per_s *= 2;
  const double dram = simulator.cost(vit, chip(cim))->latency_ms;
  EXPECT_LE(dram, before);
  cim.pe.count *= 2;
  const double pes = simulator.cost(vit, chip(cim))->latency_ms;
  EXPECT_LE(pes, dram);
  cim.shared_memory.bytes_per_cycle *= 2;
  cim.pe.buffer_kb *= 2;
  EXPECT_LE(simulator.cost(vit, chip(cim))->latency_ms, pes);
}

TEST(DigitalCim, ViTBIsSound) {
  const nn::Network vit = nn::make_vision_transformer({});
  const auto result = *DigitalCimSimulator().simulate(vit, chip());
  const Cost cost = *DigitalCimSimulator().cost(vit, chip());
  const Cost summary = summarize(result);
  EXPECT_EQ(cost.latency_ms, summary.latency_ms);
  EXPECT_EQ(cost.energy_mj, summary.energy_mj);
  EXPECT_EQ(cost.area_mm2, summary.area_mm2);
  EXPECT_EQ(cost.power_w, summary.power_w);
  EXPECT_NEAR(cost.power_w, cost.energy_mj / cost.latency_ms, 1e-9);
  double finish = 0;
  for (const LayerResult& layer : result.layers) {
    EXPECT_EQ(layer.begin_ns, finish);
    EXPECT_GT(layer.finish_ns, layer.begin_ns) << layer.name;
    finish = layer.finish_ns;
  }
  EXPECT_EQ(finish, result.latency_ns);
  // No faster than the arrays at their peak or the DRAM with all weights.
  const Roofline roofline = *make_roofline(vit, chip());
  EXPECT_NEAR(roofline.peak_tops, 2 * 64 * 64 * 64 / 8.0 * 400e-6, 1e-9);
  EXPECT_GT(result.latency_ns, result.operations / roofline.peak_tops * 1e-3);
  EXPECT_GT(result.latency_ns, 86292480 / 51.2);
  for (const RooflinePoint& point : roofline.points) {
    EXPECT_LE(point.tops(), roofline.peak_tops * (1 + 1e-9)) << point.layer;
    EXPECT_LE(point.dram_bytes / point.time_ns, 51.2 * (1 + 1e-9)) << point.layer;
  }
}

TEST(DigitalCim, RefusesWhatItCannotRun) {
  EXPECT_EQ(
      error_of([] { DigitalCimSimulator().simulate(pointwise(), {}).ok(); }),
      "hardware 'default' has no section digital_cim, which the cost model digital_cim needs; "
      "the shipped hardware digital-cim has one");
  hw::DigitalCim cim = four_pe_chip();
  cim.pe.buffer_kb = 0.01;
  EXPECT_EQ(DigitalCimSimulator().cost(pointwise(), chip(cim)).reason(),
            "layer 'c': a PE's buffer of 0.01 KB is too small for one position");
}

}  // namespace
}  // namespace gibbon::sim
