#include "gibbon/app/commands/simulate_epitome.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::app {
namespace {

using test::error_of;

nn::Network one_conv() {
  nn::Conv conv;
  conv.in_channels = 64;
  conv.out_channels = 128;
  conv.kernel = 3;
  conv.padding = 1;
  nn::NetworkDescription description;
  description.name = "one";
  description.input = {64, 8, 8};
  description.num_classes = 2;
  description.layers = {{"a", conv, {nn::kNetworkInput}}};
  return nn::Network(std::move(description));
}

/// 64 inputs in blocks of 56 at most make 2, 128 outputs in blocks of 32 make 4.
TEST(SimulateEpitome, RowsSayWhatTheRoundsMove) {
  const EpitomeSimulation run = simulate_epitomes("512x32", "mnsim2", one_conv(), {});
  ASSERT_EQ(run.epitomes.size(), 1u);
  const EpitomeRow& row = run.epitomes[0];
  EXPECT_EQ(row.layer, "a");
  EXPECT_EQ(row.traffic.rounds, 8);
  EXPECT_EQ(row.traffic.computed_rounds, 8);
  EXPECT_FALSE(row.wrapped);
  // The first of two input blocks leaves 128 sums at 64 positions.
  EXPECT_EQ(row.traffic.partial_sums, 64 * 128);
  // IFAT 8 x 2 x 6 bits, IFRT 8 x 2 x ceil(log2 504) = 8 x 18, OFAT 8 x 2 x 7.
  EXPECT_EQ(row.table_bits, 8 * (12 + 18 + 14));
  EXPECT_GT(run.result.latency_ns, 0);
}

TEST(SimulateEpitome, OtherModelsAreRefused) {
  EXPECT_EQ(error_of([] { simulate_epitomes("512x32", "digital_cim", one_conv(), {}); }),
            "the cost model 'digital_cim' knows no packed crossbars");
}

}  // namespace
}  // namespace gibbon::app
