#include "gibbon/sim/digital/tiling.hpp"

#include <gtest/gtest.h>

#include "gibbon/base/rng.hpp"

namespace gibbon::sim {
namespace {

/// 4 PEs of 8 x 8 with 2 cells, 1 KB of buffer; a byte a cycle everywhere would be slow, so 16 from
/// the shared memory, and 4 bytes a cycle from DRAM (0.4 GB/s at 100 MHz).
hw::DigitalCim two_cell_chip() {
  hw::DigitalCim cim;
  cim.frequency_mhz = 100;
  cim.pe.count = 4;
  cim.pe.rows = 8;
  cim.pe.columns = 8;
  cim.pe.cells_per_column = 2;
  cim.pe.weight_bits = 8;
  cim.pe.buffer_kb = 1;
  cim.pe.buffer_bytes_per_cycle = 64;
  cim.shared_memory.size_kb = 64;
  cim.shared_memory.bytes_per_cycle = 16;
  cim.dram.gb_per_s = 0.4;
  return cim;
}

TilingProblem problem_of(long groups, long m, long k, long n) {
  TilingProblem problem;
  problem.product = {groups, m, k, n, 8, 8, false};
  problem.input_bytes = static_cast<double>(groups * m * k);
  problem.output_bytes = static_cast<double>(groups * m * n);
  problem.spare_bytes = 1e6;
  return problem;
}

/// [10, 16] x [16, 16]: 2 x 2 blocks of 8 x 8.
/// On a grid of 2 x 2 PEs each has one block: 10 positions of 8 cycles are 80 cycles of computing,
/// a block of 8 rows takes 8 cycles to write. Buffer of a PE: each position 8 bytes in and 8 sums
/// of 4 bytes written: 10 x (8 + 32) / 64 = 6.25. Shared memory: 160 bytes in, 160 out, 256 of
/// weights: 576 / 16 = 36. DRAM: 256 / 4 = 64.
TEST(Tiling, ProductThatFillsTheGridByHand) {
  const TilingModel model(problem_of(1, 10, 16, 16), two_cell_chip());
  Tiling tiling;
  tiling.k = tiling.n = 2;
  tiling.overlapped = true;
  const TilingCost cost = *model.cost(tiling);
  EXPECT_EQ(cost.busy[Resource::kCompute], 80);
  EXPECT_EQ(cost.busy[Resource::kPeBuffer], 6.25);
  EXPECT_EQ(cost.busy[Resource::kArrayWrite], 8);
  EXPECT_EQ(cost.busy[Resource::kSharedMemory], 36);
  EXPECT_EQ(cost.busy[Resource::kDram], 64);
  // One filling: all of the load (DRAM's 64 cycles) comes before the 80 of computing.
  EXPECT_EQ(cost.cycles, 80 + 64);
  EXPECT_EQ(cost.busy.largest(), Resource::kCompute);
  EXPECT_EQ(cost.shared_bytes, 576);
  EXPECT_EQ(cost.dram_bytes, 256);
}

/// The same on one PE, a block at a time: 4 fillings of 10 x 8 cycles. Inputs of 10 x 16 bytes and
/// sums of 10 x 8 x 4 bytes fit the buffer of 1024 bytes, so that neither moves twice. Buffer:
/// positions x (4 blocks x 8 + 2 columns of blocks x 32 x (2 x 2 - 1)) = 10 x (32 + 192) = 2240
/// bytes, 35 cycles. A quarter of the load, 16 cycles, is not hidden.
TEST(Tiling, OnePeByHand) {
  const TilingModel model(problem_of(1, 10, 16, 16), two_cell_chip());
  Tiling tiling;
  tiling.overlapped = true;
  const TilingCost cost = *model.cost(tiling);
  EXPECT_EQ(cost.busy[Resource::kCompute], 320);
  EXPECT_EQ(cost.busy[Resource::kArrayWrite], 32);
  EXPECT_EQ(cost.busy[Resource::kPeBuffer], 35);
  EXPECT_EQ(cost.shared_bytes, 576);
  EXPECT_EQ(cost.cycles, 320 + 64.0 / 4);
}

/// A buffer of 0.25 KB holds neither 10 positions' sums (320 bytes) nor their inputs (160 and a row
/// of sums, 192 bytes, would fit): sums of 10 x 16 go and come once, 10 x 16 x 4 x 2 = 1280 bytes.
/// One of 0.125 KB cannot hold the inputs either: they come for each of the 2 columns of blocks.
TEST(Tiling, SmallBuffersCostTraffic) {
  hw::DigitalCim cim = two_cell_chip();
  Tiling tiling;
  cim.pe.buffer_kb = 0.25;
  EXPECT_EQ(TilingModel(problem_of(1, 10, 16, 16), cim).cost(tiling)->shared_bytes, 576 + 1280);
  cim.pe.buffer_kb = 0.125;
  EXPECT_EQ(TilingModel(problem_of(1, 10, 16, 16), cim).cost(tiling)->shared_bytes,
            576 + 1280 + 160);
  // Two positions' inputs and a row of sums: 2 x 8 + 8 x 4 = 48 bytes.
  cim.pe.buffer_kb = 48.0 / 1024;
  EXPECT_TRUE(TilingModel(problem_of(1, 10, 16, 16), cim).cost(tiling));
  cim.pe.buffer_kb = 47.0 / 1024;
  EXPECT_FALSE(TilingModel(problem_of(1, 10, 16, 16), cim).cost(tiling));
  EXPECT_FALSE(best_tiling(problem_of(1, 10, 16, 16), cim));
}

/// Partial sums that the shared memory has no room for go to DRAM: 10 x 16 x 4 = 640 bytes at once.
TEST(Tiling, PartialSumsSpill) {
  hw::DigitalCim cim = two_cell_chip();
  cim.pe.buffer_kb = 0.25;
  TilingProblem problem = problem_of(1, 10, 16, 16);
  problem.spare_bytes = 640;
  EXPECT_EQ(TilingModel(problem, cim).cost({})->dram_bytes, 256);
  problem.spare_bytes = 639;
  EXPECT_EQ(TilingModel(problem, cim).cost({})->dram_bytes, 256 + 1280);
}

/// Without overlap the 64 cycles of loading come first; then computing alone.
TEST(Tiling, WithoutDoubleBufferingLoadAndWorkFollowEachOther) {
  const TilingModel model(problem_of(1, 10, 16, 16), two_cell_chip());
  Tiling tiling;
  tiling.k_cells = 2;
  EXPECT_EQ(model.cost(tiling)->cycles, 64 + 320);
}

TEST(Tiling, WhereOperandsComeFrom) {
  const hw::DigitalCim cim = two_cell_chip();
  TilingProblem problem = problem_of(1, 10, 16, 16);
  problem.input_in_dram = true;
  problem.output_in_dram = true;
  EXPECT_EQ(TilingModel(problem, cim).cost({})->dram_bytes, 256 + 160 + 160);
  problem.stationary = StationaryHome::kSharedMemory;
  EXPECT_EQ(TilingModel(problem, cim).cost({})->dram_bytes, 160 + 160);
  problem.stationary = StationaryHome::kArrays;
  const TilingCost stays = *TilingModel(problem, cim).cost({});
  EXPECT_EQ(stays.shared_bytes, 160 + 160);
  EXPECT_EQ(stays.busy[Resource::kArrayWrite], 0);
}

/// 16-bit weights in columns of 8 bits: twice the columns; 9 input bits take 9 cycles.
TEST(Tiling, WideNumbersTakeMoreColumnsAndCycles) {
  TilingProblem problem = problem_of(1, 10, 8, 8);
  problem.product.weight_bits = 16;
  problem.product.input_bits = 9;
  const TilingModel model(problem, two_cell_chip());
  EXPECT_EQ(model.n_blocks(), 2);
  EXPECT_EQ(model.cost({})->busy[Resource::kCompute], 10 * 2 * 9);
  EXPECT_EQ(model.array_cycles_of_macs(), 10 * 8 * 8 * 2 * 9);
}

/// 3 x 3 blocks: 9 blocks on 5 PEs. 1 x 5 PEs: 3 each; 2 x 2: 4; 3 x 1: 3. On 9 PEs one each.
TEST(Tiling, CellsNeededByHand) {
  hw::DigitalCim cim = two_cell_chip();
  const MatrixProduct product = problem_of(1, 10, 24, 24).product;
  cim.pe.count = 5;
  EXPECT_EQ(cells_needed(product, cim), 3);
  cim.pe.count = 9;
  EXPECT_EQ(cells_needed(product, cim), 1);
  cim.pe.count = 8;
  EXPECT_EQ(cells_needed(product, cim), 2);  // 3 x 2 PEs: 1 x 2 blocks
}

TEST(Tiling, LargestOfEqualsIsTheFirst) {
  ByResource busy;
  EXPECT_EQ(busy.largest(), Resource::kDram);
  busy[Resource::kCompute] = busy[Resource::kArrayWrite] = 2;
  EXPECT_EQ(busy.largest(), Resource::kArrayWrite);
}

/// The search skips grids; plain loops over all must not find a better one.
TEST(Tiling, SearchFindsWhatPlainLoopsFind) {
  base::Rng rng(7);
  const auto pick = [&rng](int low, int high) {
    return low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
  };
  int compared = 0;
  for (int i = 0; i < 150; ++i) {
    hw::DigitalCim cim = two_cell_chip();
    cim.pe.count = pick(1, 12);
    cim.pe.cells_per_column = pick(1, 6);
    cim.pe.buffer_kb = pick(1, 16) / 16.0;
    cim.shared_memory.bytes_per_cycle = pick(1, 64);
    cim.dram.gb_per_s = pick(1, 40) / 10.0;
    TilingProblem problem = problem_of(pick(1, 4), pick(1, 60), pick(1, 70), pick(1, 70));
    problem.stationary = static_cast<StationaryHome>(pick(0, 2));
    problem.input_in_dram = pick(0, 1) == 1;
    problem.spare_bytes = pick(0, 4000);
    const auto fast = best_tiling(problem, cim);
    const auto plain = best_tiling_reference(problem, cim);
    ASSERT_EQ(fast.has_value(), plain.has_value()) << i;
    if (!fast) continue;
    ++compared;
    EXPECT_EQ(fast->cost.cycles, plain->cost.cycles) << i;
    EXPECT_EQ(fast->cost.dram_bytes, plain->cost.dram_bytes) << i;
    EXPECT_EQ(fast->cost.shared_bytes, plain->cost.shared_bytes) << i;
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace gibbon::sim
