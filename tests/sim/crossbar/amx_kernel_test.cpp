#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "gibbon/sim/crossbar/amx_pair_kernel.hpp"
#include "gibbon/sim/crossbar/fast_kernel.hpp"
#include "sim/crossbar/amx_trap.hpp"
#include "sim/crossbar/emulated_amx.hpp"
#include "sim/crossbar/kernel_cases.hpp"

namespace gibbon::sim {
namespace {

using ::testing::ElementsAre;

/// The kernels over emulated tiles; their own machine code, over AMX where the machine has it, and
/// with the instructions trapped and emulated where it has not.
enum class TileRegisters { kEmulated, kReal, kTrapped };

class AmxTest : public ::testing::TestWithParam<std::tuple<TileRegisters, ConvCase>> {
 protected:
  void SetUp() override {
    if (!amx_vectors_available()) GTEST_SKIP() << "the processor has no AVX-512 with VNNI and VBMI";
    if (registers() == TileRegisters::kReal && !amx_available()) {
      GTEST_SKIP() << "the processor has no AMX";
    }
    if (registers() != TileRegisters::kTrapped) return;
    if (amx_available()) GTEST_SKIP() << "the processor has AMX";
    if (!AmxTrap::possible()) GTEST_SKIP() << "instructions are trapped on x86-64 Linux only";
    trap_.emplace();
  }
  void TearDown() override {
    if (trap_) {
      EXPECT_GT(trap_->instructions(), 0);
    }
  }
  static TileRegisters registers() { return std::get<0>(GetParam()); }
  static bool emulated() { return registers() == TileRegisters::kEmulated; }
  static const ConvCase& conv_case() { return std::get<1>(GetParam()); }

  static std::unique_ptr<CrossbarKernel> make_general(const CrossbarLayer& layer) {
    return make_fast_kernel(layer, emulated() ? emulated_amx_tile_kernel() : amx_tile_kernel());
  }
  static Outcome run_pairs(const CrossbarLayer& layer, const std::vector<float>& input,
                           int images) {
    const auto make = [](const CrossbarLayer& any, KernelMaker general) {
      return make_amx_pair_kernel(
          any, emulated() ? emulated_amx_pair_function() : amx_pair_function(), std::move(general));
    };
    return run_handing_over(make, layer, input, images);
  }

  /// The case with random weights, and inputs of three images with both signs.
  struct Problem {
    CrossbarLayer layer;
    std::vector<float> input;
    int images = 3;
  };
  static Problem problem(AdcMode mode, int dacs) {
    const ConvCase& p = conv_case();
    base::Rng rng(17);
    Problem made;
    made.layer = prepare(
        p.network(rng),
        accuracy_hardware(p.crossbar_rows, p.dac_bits, p.cell_bits, p.adc_bits, p.polarity, dacs),
        mode);
    made.input = random_inputs(static_cast<std::size_t>(p.input().elements() * made.images), rng);
    return made;
  }

 private:
  std::optional<AmxTrap> trap_;
};

std::string amx_test_name(
    const ::testing::TestParamInfo<std::tuple<TileRegisters, ConvCase>>& test) {
  constexpr const char* kNames[] = {"_emulated", "_amx", "_trapped"};
  return std::get<1>(test.param).name +
         std::string(kNames[static_cast<std::size_t>(std::get<0>(test.param))]);
}

constexpr TileRegisters kRegisters[] = {TileRegisters::kEmulated, TileRegisters::kReal};

class AmxGeneral : public AmxTest {};

TEST_P(AmxGeneral, GivesTheBitsOfTheReference) {
  for (const AdcMode mode : {AdcMode::kScale, AdcMode::kFix, AdcMode::kIdeal}) {
    const Problem p = problem(mode, 16);
    if (!fast_kernels_can_run(p.layer)) continue;
    const auto expected = run_reference(p.layer, p.input, p.images);
    double spread = 0;
    for (const float value : expected) spread += std::abs(value);
    EXPECT_TRUE(spread > 0 || mode == AdcMode::kFix) << "the layer is too dull to compare";
    EXPECT_EQ(run_kernel(*make_general(p.layer), p.layer, p.input, p.images), expected)
        << "mode " << static_cast<int>(mode);
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, AmxGeneral,
                         ::testing::Combine(::testing::ValuesIn(kRegisters),
                                            ::testing::ValuesIn(kConvCases)),
                         amx_test_name);

// Few and small, since a trap takes its time.
INSTANTIATE_TEST_SUITE_P(Trapped, AmxGeneral,
                         ::testing::Combine(::testing::Values(TileRegisters::kTrapped),
                                            ::testing::Values(kConvCases[2], kConvCases[15])),
                         amx_test_name);

class AmxPairs : public AmxTest {};

TEST_P(AmxPairs, GiveTheBitsOfTheReference) {
  Problem p = problem(AdcMode::kScale, conv_case().crossbar_rows);
  const Outcome with_signs = run_pairs(p.layer, p.input, p.images);
  EXPECT_EQ(with_signs.handed_over, 1);
  EXPECT_EQ(with_signs.output, run_reference(p.layer, p.input, p.images));

  for (float& value : p.input) value = std::abs(value);
  const Outcome without = run_pairs(p.layer, p.input, p.images);
  EXPECT_EQ(without.handed_over, 0);
  EXPECT_EQ(without.output, run_reference(p.layer, p.input, p.images));
  double spread = 0;
  for (const float value : without.output) spread += std::abs(value);
  EXPECT_GT(spread, 0) << "the layer is too dull to compare";
}

INSTANTIATE_TEST_SUITE_P(Layers, AmxPairs,
                         ::testing::Combine(::testing::ValuesIn(kRegisters),
                                            ::testing::ValuesIn(kOneBitCases)),
                         amx_test_name);

const ConvCase kOtherPairCases[] = {
    // 2-bit cells: columns of 45 rows whose digits add up to some 70.
    {"two_bit_cells", with_bits({5, 20, 3, 1, 1}, 9, -2), 6, 256, 6, 2, 9, 1, 2},
    // Two tiles of 60 rows, some 90 each.
    {"two_bit_cells_split", with_bits({13, 3, 3, 1, 1}, 7, -2), 5, 128, 6, 2, 9, 1, 2},
    {"one_pair", with_bits({20, 33, 1}, 9, -2), 6, 64, 6, 2, 3},
    {"half_a_pair", with_bits({20, 5, 1}, 9, -2), 6, 64, 6, 2, 2},
    {"seven_cycles", with_bits({17, 16, 3, 1, 1}, 9, -2), 4, 256, 6, 2, 8},
};
INSTANTIATE_TEST_SUITE_P(Others, AmxPairs,
                         ::testing::Combine(::testing::ValuesIn(kRegisters),
                                            ::testing::ValuesIn(kOtherPairCases)),
                         amx_test_name);

INSTANTIATE_TEST_SUITE_P(Trapped, AmxPairs,
                         ::testing::Combine(::testing::Values(TileRegisters::kTrapped),
                                            ::testing::Values(kOneBitCases[3], kOtherPairCases[1],
                                                              kOtherPairCases[4])),
                         amx_test_name);

class AmxPairKernel : public AmxTest {};
// One hand-made layer at a time; the case is not used.
INSTANTIATE_TEST_SUITE_P(Once, AmxPairKernel,
                         ::testing::Combine(::testing::ValuesIn(kRegisters),
                                            ::testing::Values(kOneBitCases[0])),
                         amx_test_name);

// The fields of two cycles at their limits: columns of p positive and m negative cells, with inputs
// that reach p in one cycle and -m in the next.
TEST_P(AmxPairKernel, FieldsAtTheirLimits) {
  for (const auto& [plus, minus] : {std::pair<std::size_t, std::size_t>{127, 0},
                                    {0, 127},
                                    {64, 63},
                                    {128, 0},  // two segments from here on
                                    {100, 100},
                                    {0, 255},
                                    {255, 0}}) {
    const int rows = static_cast<int>(plus + minus);
    const CrossbarLayer layer = one_column(cells(plus, minus), rows, -8);
    for (const int first : {255, 0, 85, 170, 1, 128}) {
      for (const int second : {255, 0, 85, 170}) {
        std::vector<float> input(plus, static_cast<float>(first));
        input.insert(input.end(), minus, static_cast<float>(second));
        const Outcome outcome = run_pairs(layer, input, 1);
        EXPECT_EQ(outcome.handed_over, 0);
        EXPECT_EQ(outcome.output, run_reference(layer, input, 1))
            << plus << " and " << minus << " cells, " << first << " and " << second;
      }
    }
  }
}

TEST_P(AmxPairKernel, TilesEndAnywhereInAnImage) {
  expect_reference_wherever_tiles_end(
      [](const CrossbarLayer& layer, const std::vector<float>& input, int images) {
        return run_kernel(*make_general(layer), layer, input, images);
      });
  expect_reference_wherever_tiles_end(
      [](const CrossbarLayer& layer, const std::vector<float>& input, int images) {
        return run_pairs(layer, input, images).output;
      });
}

TEST_P(AmxPairKernel, HandsOverWhatFloatsMightRound) {
  // As in BitPlaneKernel.HandsOverWhatFloatsMightRound.
  const CrossbarLayer layer = one_column(cells(381, 0), 127);
  for (const auto& [input, handed_over] : {std::pair{131, 0}, {132, 1}, {255, 1}}) {
    const std::vector<float> inputs(381, static_cast<float>(input));
    const Outcome outcome = run_pairs(layer, inputs, 1);
    EXPECT_EQ(outcome.handed_over, handed_over) << input;
    EXPECT_EQ(outcome.output, run_reference(layer, inputs, 1)) << input;
  }
}

std::optional<AmxPairPlan> pair_plan_of(const CrossbarLayer& layer) {
  return make_amx_pair_plan(layer, PixelTiles(layer, 1));
}

TEST(AmxPairPlan, TakesOneBitConvertersInScaleMode) {
  base::Rng rng(1);
  const auto layer = [&](int input_bits, int dac_bits, int cell_bits, AdcMode mode) {
    const auto trained =
        one_layer_network(nn::Linear{8, 2}, {8, 1, 1}, 2, random_state(16, 8, 9, input_bits, rng));
    return prepare(trained, accuracy_hardware(64, dac_bits, cell_bits, 6, 2, 64), mode);
  };
  EXPECT_TRUE(pair_plan_of(layer(9, 1, 1, AdcMode::kScale)));
  EXPECT_TRUE(pair_plan_of(layer(9, 1, 4, AdcMode::kScale)));    // 8 digits of at most 15
  EXPECT_FALSE(pair_plan_of(layer(10, 1, 1, AdcMode::kScale)));  // nine cycles
  EXPECT_FALSE(pair_plan_of(layer(9, 2, 1, AdcMode::kScale)));
  EXPECT_FALSE(pair_plan_of(layer(9, 1, 1, AdcMode::kFix)));
  EXPECT_FALSE(pair_plan_of(layer(9, 1, 1, AdcMode::kIdeal)));
}

TEST(AmxPairPlan, CutsRowsWhereAFieldWouldOverflow) {
  const auto ends = [](const CrossbarLayer& layer) {
    std::vector<int> quad_tiles;
    const AmxPairPlan plan = pair_plan_of(layer).value();
    const PairBlock& block = plan.blocks.front();
    EXPECT_EQ(block.segment_starts.size(), 9U);  // eight parts
    for (int s = 0; s < block.segment_starts[1]; ++s) {
      quad_tiles.push_back(block.segments[static_cast<std::size_t>(s)].end);
    }
    return quad_tiles;
  };
  // 127 rows are 32 quads, two tiles of 16; 128 set cells are one too many for them.
  EXPECT_THAT(ends(one_column(cells(100, 27), 127, -8)), ElementsAre(2));
  EXPECT_THAT(ends(one_column(cells(100, 28), 128, -8)), ElementsAre(1, 2));
  // 136 rows: 34 quads, three tiles of 12 quads: 48, 48 and 40 rows.
  EXPECT_THAT(ends(one_column(cells(100, 36), 136, -8)), ElementsAre(2, 3));
  // 255 cells in tiles of 64, 64, 64 and 63 rows.
  EXPECT_THAT(ends(one_column(cells(200, 55), 255, -8)), ElementsAre(1, 2, 4));
  EXPECT_FALSE(pair_plan_of(one_column(cells(200, 56), 256, -8)));
}

TEST(AmxPairPlan, TakesCodesThatFitAByte) {
  // Codes 2n of a converter that clamps at 127 fit; those of a wider one do not beyond n = 63.
  EXPECT_TRUE(pair_plan_of(one_column(cells(100, 0), 256, -6)));
  CrossbarLayer wide = one_column(cells(63, 0), 256, -8);
  wide.adc.resolution = 10;  // t = -8 + 9 = 1
  EXPECT_TRUE(pair_plan_of(wide));
  wide = one_column(cells(64, 0), 256, -8);
  wide.adc.resolution = 10;
  EXPECT_FALSE(pair_plan_of(wide));
}

TEST(AmxWeights, FillTilesEvenly) {
  const auto shape = [](int outputs, int rows) {
    RowBlock block;
    block.output_count = outputs;
    block.rows.resize(static_cast<std::size_t>(rows));
    block.weights.assign(static_cast<std::size_t>(outputs * rows), 1);
    const AmxWeights packed = pack_amx_weights(block, 1, 1);
    return std::array{packed.output_tiles, packed.outputs, packed.quad_tiles, packed.quads};
  };
  EXPECT_THAT(shape(1, 1), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(shape(16, 64), ElementsAre(1, 16, 1, 16));
  EXPECT_THAT(shape(17, 65), ElementsAre(2, 9, 2, 9));
  EXPECT_THAT(shape(28, 252), ElementsAre(2, 14, 4, 16));
}

TEST(AmxWeights, HoldSignedDigitsOfOutputsByRows) {
  // Outputs 2: rows (1, -2, 3, 0, -1) and (0, 1, 2, 3, -3); bit 0, then bit 1.
  RowBlock block;
  block.output_count = 2;
  block.rows.resize(5);
  block.weights = {1, -2, 3, 0, -1, 0, 1, 2, 3, -3};
  const AmxWeights packed = pack_amx_weights(block, 2, 1);
  ASSERT_EQ(packed.rows.size(), 4U);  // 2 parts x 2 outputs
  const auto row = [&](std::size_t index) {
    std::vector<int> digits;
    for (int r = 0; r < 8; ++r) {
      digits.push_back(static_cast<std::int8_t>(packed.rows[index].bytes[r]));
    }
    return digits;
  };
  EXPECT_THAT(row(0), ElementsAre(1, 0, 1, 0, -1, 0, 0, 0));
  EXPECT_THAT(row(1), ElementsAre(0, 1, 0, 1, -1, 0, 0, 0));
  EXPECT_THAT(row(2), ElementsAre(0, -1, 1, 0, 0, 0, 0, 0));
  EXPECT_THAT(row(3), ElementsAre(0, 0, 1, 1, -1, 0, 0, 0));
  EXPECT_EQ(packed.column(0, 1, 2), packed.rows.data() + 2);
}

TEST(EmulatedTiles, MultiplyAsTheManualSays) {
  // 2 outputs, 2 quads: sum[m][n] = sum over k and bytes of signed[m][4k + b] * unsigned[k][4n +
  // b].
  EmulatedTiles tiles;
  tiles.configure(amx_config(2, 2));
  std::array<std::array<std::int8_t, 64>, 2> weights{};
  std::array<std::array<std::uint8_t, 64>, 2> digits{};
  weights[0] = {1, -2, 3, -128, 127, 0, 0, 1};
  weights[1] = {0, 0, 0, 1, -1, 0, 0, 0};
  weights[0][8] = 99;  // beyond the row's bytes
  digits[0] = {10, 20, 30, 255, 1, 1, 1, 1};
  digits[1] = {2, 9, 9, 5, 255, 0, 0, 0};
  tiles.load<kAmxWeights>(weights.data(), 64);
  tiles.load<kAmxDigits>(digits.data(), 64);
  tiles.dot<0, kAmxWeights, kAmxDigits>();
  tiles.dot<0, kAmxWeights, kAmxDigits>();
  std::array<std::array<std::int32_t, 16>, 3> sums{};
  sums[2].fill(7);
  tiles.store<0>(sums.data(), 64);
  // 10 - 40 + 90 - 32640 + 254 + 5 = -32321, twice.
  EXPECT_EQ(sums[0][0], -64642);
  // 1 - 2 + 3 - 128 + 127 * 255 = 32259.
  EXPECT_EQ(sums[0][1], 64518);
  EXPECT_EQ(sums[0][2], 0);
  EXPECT_EQ(sums[1][0], 2 * (255 - 2));
  EXPECT_EQ(sums[1][1], 2 * (1 - 255));
  EXPECT_EQ(sums[2][0], 7) << "a third row is written";
}

TEST(EmulatedTiles, FaultAsTheManualSays) {
  const auto fault = [](const auto& body) {
    EmulatedTiles tiles;
    try {
      body(tiles);
    } catch (const std::logic_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto fault_of = [&](const auto& change) {
    return fault([&](EmulatedTiles& tiles) {
      AmxConfig config = amx_config(16, 16);
      change(config);
      tiles.configure(config);
    });
  };
  EXPECT_EQ(fault_of([](AmxConfig&) {}), "");
  EXPECT_EQ(fault_of([](AmxConfig& c) { c.palette = 2; }), "LDTILECFG: palette");
  EXPECT_EQ(fault_of([](AmxConfig& c) { c.rows[0] = 17; }), "LDTILECFG: rows");
  EXPECT_EQ(fault_of([](AmxConfig& c) { c.row_bytes[7] = 65; }), "LDTILECFG: bytes of a row");
  EXPECT_EQ(fault_of([](AmxConfig& c) { c.rows[3] = 0; }), "LDTILECFG: one of rows and bytes is 0");
  EXPECT_EQ(fault_of([](AmxConfig& c) { c.row_bytes[8] = 1; }), "LDTILECFG: reserved bytes");
  EXPECT_EQ(fault_of([](AmxConfig& c) { c.rows[8] = 1; }), "LDTILECFG: reserved bytes");
  EXPECT_EQ(fault([](EmulatedTiles& tiles) { tiles.zero<0>(); }),
            "TILEZERO: tiles are not configured");
  EXPECT_EQ(fault([](EmulatedTiles& tiles) {
              tiles.configure(amx_config(16, 16));
              tiles.release();
              tiles.dot<0, kAmxWeights, kAmxDigits>();
            }),
            "TDPBSUD: tiles are not configured");
  EXPECT_EQ(fault([](EmulatedTiles& tiles) {
              tiles.configure(amx_config(9, 4));
              tiles.dot<0, kAmxDigits, kAmxWeights>();
            }),
            "TDPBSUD: shapes");
  EXPECT_EQ(fault([](EmulatedTiles& tiles) {
              tiles.configure(amx_config(16, 16));
              tiles.dot<0, 0, 1>();
            }),
            "TDPBSUD: the three tiles must differ");
}

}  // namespace
}  // namespace gibbon::sim
