#include "gibbon/nn/epitome.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::nn {
namespace {

using test::error_of;

std::vector<double> counting(long size) {
  std::vector<double> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

std::vector<double> random_values(long size, base::Rng& rng) {
  std::vector<double> values(static_cast<std::size_t>(size));
  for (double& value : values) value = rng.uniform() - 0.5;
  return values;
}

/// The definition, element by element, with none of the plan's own arithmetic.
std::vector<double> naive_weight(const EpitomePlan& plan, const std::vector<double>& epitome) {
  const ConvWeightShape& w = plan.weight();
  const EpitomeShape& e = plan.epitome();
  std::vector<double> weight;
  for (int o = 0; o < w.out_channels; ++o) {
    for (int i = 0; i < w.in_channels; ++i) {
      for (int y = 0; y < w.kernel; ++y) {
        for (int x = 0; x < w.kernel; ++x) {
          for (const EpitomeRound& r : plan.rounds()) {
            if (o < r.weight_out || o >= r.weight_out + r.out_count) continue;
            if (i < r.weight_in || i >= r.weight_in + r.in_count) continue;
            const int out = r.epitome_out + o - r.weight_out;
            const int in = r.epitome_in + i - r.weight_in;
            const int at = ((out * e.in_channels + in) * e.height + r.epitome_row + y) * e.width +
                           r.epitome_column + x;
            weight.push_back(epitome[static_cast<std::size_t>(at)]);
          }
        }
      }
    }
  }
  return weight;
}

struct Shapes {
  ConvWeightShape weight;
  EpitomeShape epitome;
};

/// Tiled, overlapping, more channels than the weight, enlarged windows, uneven ends, the same
/// shape.
const Shapes kShapes[] = {
    {{8, 4, 3}, {4, 4, 3, 3}},   {{8, 4, 3}, {8, 3, 3, 3}},  {{7, 5, 3}, {3, 2, 3, 3}},
    {{12, 4, 1}, {3, 10, 1, 1}}, {{2, 20, 1}, {5, 3, 1, 1}}, {{6, 6, 2}, {3, 4, 4, 3}},
    {{5, 5, 3}, {5, 5, 3, 3}},   {{1, 1, 3}, {1, 1, 5, 5}},  {{3, 11, 2}, {2, 4, 2, 3}},
};

TEST(Epitome, TheWeightIsThatOfANaiveLoop) {
  base::Rng rng(1);
  for (const Shapes& shapes : kShapes) {
    const EpitomePlan plan = spread_plan(shapes.weight, shapes.epitome);
    const std::vector<double> epitome = random_values(shapes.epitome.elements(), rng);
    const std::vector<double> weight = reconstruct<double>(plan, epitome);
    EXPECT_EQ(weight, naive_weight(plan, epitome));
    EXPECT_EQ(static_cast<long>(weight.size()), shapes.weight.elements());
    const std::vector<float> single(epitome.begin(), epitome.end());
    EXPECT_EQ(reconstruct<float>(plan, single), std::vector<float>(weight.begin(), weight.end()));
  }
}

/// L = sum of c_j W_j^2 / 2 is quadratic in E: central differences are exact but for rounding.
TEST(Epitome, TheGradientIsThatOfFiniteDifferences) {
  base::Rng rng(2);
  for (const Shapes& shapes : kShapes) {
    const EpitomePlan plan = spread_plan(shapes.weight, shapes.epitome);
    std::vector<double> epitome = random_values(shapes.epitome.elements(), rng);
    const std::vector<double> c = random_values(shapes.weight.elements(), rng);
    const auto loss = [&] {
      const std::vector<double> weight = naive_weight(plan, epitome);
      double sum = 0;
      for (std::size_t j = 0; j < c.size(); ++j) sum += c[j] * weight[j] * weight[j] / 2;
      return sum;
    };
    std::vector<double> weight_gradient = reconstruct<double>(plan, epitome);
    for (std::size_t j = 0; j < c.size(); ++j) weight_gradient[j] *= c[j];
    const std::vector<double> gradient = epitome_gradient<double>(plan, weight_gradient);
    ASSERT_EQ(gradient.size(), epitome.size());
    for (std::size_t e = 0; e < epitome.size(); ++e) {
      constexpr double kStep = 1e-3;
      const double value = epitome[e];
      epitome[e] = value + kStep;
      const double above = loss();
      epitome[e] = value - kStep;
      const double below = loss();
      epitome[e] = value;
      EXPECT_NEAR(gradient[e], (above - below) / (2 * kStep), 1e-10) << e;
    }
  }
}

/// <G, reconstruct(E)> = <scatter(G), E> exactly, over whole numbers.
TEST(Epitome, TheGradientIsTheTransposeOfTheReconstruction) {
  for (const Shapes& shapes : kShapes) {
    const EpitomePlan plan = spread_plan(shapes.weight, shapes.epitome);
    const std::vector<double> epitome = counting(shapes.epitome.elements());
    const std::vector<double> g = counting(shapes.weight.elements());
    const std::vector<double> weight = reconstruct<double>(plan, epitome);
    const std::vector<double> gradient = epitome_gradient<double>(plan, g);
    EXPECT_EQ(std::inner_product(g.begin(), g.end(), weight.begin(), 0.0),
              std::inner_product(gradient.begin(), gradient.end(), epitome.begin(), 0.0));
  }
}

TEST(Epitome, UseCountsSumToTheWeightsElements) {
  for (const Shapes& shapes : kShapes) {
    const EpitomePlan plan = spread_plan(shapes.weight, shapes.epitome);
    const std::vector<std::int32_t> counts = plan.use_counts();
    EXPECT_EQ(static_cast<long>(counts.size()), shapes.epitome.elements());
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0L), shapes.weight.elements());
    // The gradient of the sum of the weights is how often each element is used.
    const std::vector<float> ones(static_cast<std::size_t>(shapes.weight.elements()), 1.0F);
    EXPECT_EQ(epitome_gradient<float>(plan, ones),
              std::vector<float>(counts.begin(), counts.end()));
  }
}

/// 5 channels from 4: two blocks of 3 and 2, at 0 and at 4 - 2 = 2: channels 0 1 2 | 2 3.
TEST(Epitome, BlocksShorterThanTheEpitomeOverlap) {
  const EpitomePlan plan = spread_plan({1, 5, 1}, {1, 4, 1, 1});
  EXPECT_EQ(plan.sources(), (std::vector<std::int32_t>{0, 1, 2, 2, 3}));
  EXPECT_EQ(plan.use_counts(), (std::vector<std::int32_t>{1, 1, 2, 1}));
  EXPECT_DOUBLE_EQ(plan.compression(), 1.25);
}

/// 512 of 1024 rows for each of 3 blocks of filters: at 0, 512/2 = 256 and 512.
TEST(Epitome, AnEpitomeWithMoreChannelsMovesWithTheOtherAxis) {
  const EpitomePlan plan = spread_plan({6, 512, 1}, {2, 1024, 1, 1});
  ASSERT_EQ(plan.rounds().size(), 3u);
  EXPECT_EQ(plan.rounds()[0].epitome_in, 0);
  EXPECT_EQ(plan.rounds()[1].epitome_in, 256);
  EXPECT_EQ(plan.rounds()[2].epitome_in, 512);
  EXPECT_EQ(plan.computed_rounds(), 3);
  const EpitomePlan turned = spread_plan({512, 6, 1}, {1024, 2, 1, 1});
  ASSERT_EQ(turned.rounds().size(), 3u);
  EXPECT_EQ(turned.rounds()[1].epitome_out, 256);
}

/// Windows of a 2x3 epitome for a 2x2 kernel: columns 0 and 1, in turn.
TEST(Epitome, WindowsAreTakenInTurn) {
  const EpitomePlan plan = spread_plan({3, 1, 2}, {1, 1, 2, 3});
  EXPECT_EQ(plan.sources(), (std::vector<std::int32_t>{0, 1, 3, 4, 1, 2, 4, 5, 0, 1, 3, 4}));
}

/// 5 outputs from 2 filters: 2, 2 and 1; 4 inputs from 3: blocks of 2 at channels 0 and 1.
TEST(Epitome, WrappedOutputsRepeatTheSameRounds) {
  const EpitomePlan plan = spread_plan({5, 4, 1}, {2, 3, 1, 1}, OutputBlocks::kWrapped);
  ASSERT_EQ(plan.rounds().size(), 6u);
  EXPECT_EQ(plan.rounds()[1], (EpitomeRound{0, 1, 0, 0, 2, 2, 0, 2}));
  EXPECT_EQ(plan.rounds()[5], (EpitomeRound{0, 1, 0, 0, 1, 2, 4, 2}));
  EXPECT_EQ(plan.computed(), (std::vector<std::size_t>{0, 1}));
}

TEST(Epitome, OutputWrappingRepeatsFilters) {
  const EpitomePlan plan = output_wrapping_plan({5, 2, 1}, 2);
  EXPECT_EQ(plan.epitome(), (EpitomeShape{2, 2, 1, 1}));
  EXPECT_EQ(plan.sources(), (std::vector<std::int32_t>{0, 1, 2, 3, 0, 1, 2, 3, 0, 1}));
  EXPECT_EQ(plan.use_counts(), (std::vector<std::int32_t>{3, 3, 2, 2}));
  // The last block's one filter is the first of the others' two.
  EXPECT_EQ(plan.computed_rounds(), 1);
  EXPECT_EQ(output_wrapping_plan({8, 3, 3}, 2).computed_rounds(), 1);
  EXPECT_EQ(output_wrapping_plan({8, 3, 3}, 2).rounds().size(), 4u);
}

TEST(Epitome, InputWrappingRepeatsChannels) {
  const EpitomePlan plan = input_wrapping_plan({2, 5, 1}, 2);
  EXPECT_EQ(plan.epitome(), (EpitomeShape{2, 2, 1, 1}));
  EXPECT_EQ(plan.sources(), (std::vector<std::int32_t>{0, 1, 0, 1, 0, 2, 3, 2, 3, 2}));
  // Rounds read different inputs: all are computed.
  EXPECT_EQ(input_wrapping_plan({2, 8, 3}, 2).computed_rounds(), 4);
}

/// The identities that both wrappings rest on, for one position of a 1x1 convolution.
TEST(Epitome, WrappingsComputeWhatTheConvolutionDoes) {
  base::Rng rng(3);
  const std::vector<double> x = random_values(6, rng);
  const auto dot = [&](const std::vector<double>& weight, int out, int inputs) {
    double sum = 0;
    for (int i = 0; i < inputs; ++i) {
      sum += weight[static_cast<std::size_t>(out * inputs + i)] * x[static_cast<std::size_t>(i)];
    }
    return sum;
  };
  const std::vector<double> by_output = random_values(2 * 6, rng);
  const auto filters = reconstruct<double>(output_wrapping_plan({4, 6, 1}, 2), by_output);
  for (int out = 0; out < 4; ++out) EXPECT_EQ(dot(filters, out, 6), dot(by_output, out % 2, 6));
  const std::vector<double> by_input = random_values(2 * 3, rng);
  const auto channels = reconstruct<double>(input_wrapping_plan({2, 6, 1}, 3), by_input);
  for (int out = 0; out < 2; ++out) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      sum += by_input[static_cast<std::size_t>(out) * 3 + i] * (x[i] + x[i + 3]);
    }
    EXPECT_NEAR(dot(channels, out, 6), sum, 1e-12);
  }
}

TEST(Epitome, PlansThatMissOrRepeatWeightElementsAreRefused) {
  const ConvWeightShape weight{2, 3, 1};
  const EpitomeShape epitome{2, 3, 1, 1};
  const auto plan = [&](std::vector<EpitomeRound> rounds) {
    return error_of([&] { EpitomePlan(weight, epitome, std::move(rounds)); });
  };
  EXPECT_EQ(plan({{0, 0, 0, 0, 2, 3, 0, 0}}), "no error");
  EXPECT_EQ(plan({}), "epitome plan: weight element [0, 0, 0, 0] is covered by no round");
  EXPECT_EQ(plan({{0, 0, 0, 0, 1, 3, 0, 0}, {0, 0, 0, 0, 1, 2, 1, 0}}),
            "epitome plan: weight element [1, 2, 0, 0] is covered by no round");
  EXPECT_EQ(plan({{0, 0, 0, 0, 2, 3, 0, 0}, {0, 0, 0, 0, 1, 1, 1, 1}}),
            "epitome plan: weight element [1, 1, 0, 0] is covered by rounds 0 and 1");
}

TEST(Epitome, RoundsOutsideAreRefused) {
  const auto plan = [](const EpitomeRound& round) {
    return error_of([&] { EpitomePlan({2, 3, 2}, {4, 5, 3, 4}, {round}); });
  };
  const std::string head = "epitome plan: round 0: ";
  EXPECT_EQ(plan({2, 2, 1, 2, 2, 3, 0, 0}), "no error");
  EXPECT_EQ(plan({3, 2, 1, 2, 2, 3, 0, 0}), head + "epitome output channels 3 to 4 of 4");
  EXPECT_EQ(plan({-1, 2, 1, 2, 2, 3, 0, 0}), head + "epitome output channels -1 to 0 of 4");
  EXPECT_EQ(plan({2, 3, 1, 2, 2, 3, 0, 0}), head + "epitome input channels 3 to 5 of 5");
  EXPECT_EQ(plan({2, 2, 2, 2, 2, 3, 0, 0}), head + "epitome rows 2 to 3 of 3");
  EXPECT_EQ(plan({2, 2, 1, 3, 2, 3, 0, 0}), head + "epitome columns 3 to 4 of 4");
  EXPECT_EQ(plan({2, 2, 1, 2, 2, 3, 1, 0}), head + "weight output channels 1 to 2 of 2");
  EXPECT_EQ(plan({2, 2, 1, 2, 2, 3, 0, 1}), head + "weight input channels 1 to 3 of 3");
  EXPECT_EQ(plan({2, 2, 1, 2, 0, 3, 0, 0}), head + "a patch of 0x3 channels is empty");
  EXPECT_EQ(plan({2, 2, 1, 2, 2, -1, 0, 0}), head + "a patch of 2x-1 channels is empty");
}

TEST(Epitome, ImpossibleShapesAreRefused) {
  EXPECT_EQ(error_of([] {
              spread_plan({0, 1, 1}, {1, 1, 1, 1});
            }),
            "epitome plan: the weight's shape 0x1x1x1 is not positive");
  EXPECT_EQ(error_of([] {
              spread_plan({1, 1, 1}, {1, 0, 1, 1});
            }),
            "epitome plan: the epitome's shape 1x0x1x1 is not positive");
  EXPECT_EQ(error_of([] {
              spread_plan({1, 1, 3}, {1, 1, 2, 3});
            }),
            "epitome plan: an epitome of 2x3 has no window of 3x3");
  EXPECT_EQ(error_of([] {
              spread_plan({1, 1, 1}, {65536, 32768, 1, 1});
            }),
            "epitome plan: the epitome has 2147483648 elements, at most 2147483647 are allowed");
  EXPECT_EQ(error_of([] {
              output_wrapping_plan({4, 4, 1}, 5);
            }),
            "epitome plan: output wrapping to 5 of 4 output channels, allowed are 1 to 4");
  EXPECT_EQ(error_of([] {
              output_wrapping_plan({4, 4, 1}, 0);
            }),
            "epitome plan: output wrapping to 0 of 4 output channels, allowed are 1 to 4");
  EXPECT_EQ(error_of([] {
              input_wrapping_plan({4, 6, 1}, 7);
            }),
            "epitome plan: input wrapping to 7 of 6 input channels, allowed are 1 to 6");
  EXPECT_EQ(error_of([] {
              input_wrapping_plan({4, 6, 1}, 0);
            }),
            "epitome plan: input wrapping to 0 of 6 input channels, allowed are 1 to 6");
}

TEST(Epitome, ValuesOfAnotherNumberAreRefused) {
  const EpitomePlan plan = output_wrapping_plan({4, 2, 1}, 2);
  const std::vector<double> five(5);
  EXPECT_EQ(error_of([&] { reconstruct<double>(plan, five); }),
            "epitome: got 5 values, the epitome has 4");
  EXPECT_EQ(error_of([&] { epitome_gradient<double>(plan, five); }),
            "epitome: got 5 values, the weight has 8");
}

/// 1024 rows are 4 crossbars of floor(256/9) = 28 channels of 3x3, floor(256/49) = 5 of 7x7, 256 of
/// 1x1. Half a crossbar more (1152) holds floor(128/9) = 14 more.
TEST(EpitomeRules, RowsAreWholeChannelsOfACrossbar) {
  const EpitomeRule rule = parse_epitome_rule("1024x256");
  EXPECT_EQ(epitome_by_rule({512, 512, 3}, rule), (EpitomeShape{256, 112, 3, 3}));
  EXPECT_EQ(epitome_by_rule({512, 2048, 1}, rule), (EpitomeShape{256, 1024, 1, 1}));
  EXPECT_EQ(epitome_by_rule({512, 512, 7}, rule), (EpitomeShape{256, 20, 7, 7}));
  EXPECT_EQ(epitome_by_rule({512, 512, 3}, parse_epitome_rule("1152x256")),
            (EpitomeShape{256, 126, 3, 3}));
  EXPECT_EQ(epitome_by_rule({2048, 512, 1}, rule)->rows(), 1024);
}

/// 256 x 1024 = 262144 weights: an epitome as large saves nothing.
TEST(EpitomeRules, ConvolutionsThatAreNotLargerStay) {
  const EpitomeRule rule = parse_epitome_rule("1024x256");
  EXPECT_EQ(epitome_by_rule({1024, 256, 1}, rule), std::nullopt);
  EXPECT_NE(epitome_by_rule({1025, 256, 1}, rule), std::nullopt);
  EXPECT_EQ(epitome_by_rule({64, 64, 3}, rule), std::nullopt);
}

TEST(EpitomeRules, RulesGivePlansThatUseEveryElement) {
  const EpitomeRule rule = parse_epitome_rule("1024x256");
  for (const ConvWeightShape& weight :
       {ConvWeightShape{512, 512, 3}, {256, 256, 3}, {2048, 512, 1}, {512, 2048, 1}}) {
    const EpitomePlan plan = spread_plan(weight, *epitome_by_rule(weight, rule));
    const std::vector<std::int32_t> counts = plan.use_counts();
    EXPECT_GE(*std::min_element(counts.begin(), counts.end()), 1);
  }
  // 512 channels in ceil(512/112) = 5 blocks, 512 filters in 2, which are copies of one another.
  const EpitomePlan plan = spread_plan({512, 512, 3}, {256, 112, 3, 3});
  EXPECT_EQ(plan.rounds().size(), 10u);
  EXPECT_EQ(plan.computed_rounds(), 5);
}

TEST(EpitomeRules, MistakesAreRefused) {
  const std::string expected = ": expected ROWSxCOLUMNS, two positive whole numbers, as 1024x256";
  for (const char* text : {"", "1024", "x256", "1024x", "1024x256x3", "0x256", "1024x-1", "axb",
                           "1024 x256", "99999999999x1"}) {
    EXPECT_EQ(error_of([&] { parse_epitome_rule(text); }),
              "epitome rule '" + std::string(text) + "'" + expected);
  }
  EXPECT_EQ(error_of([] {
              epitome_by_rule({9, 9, 3}, {8, 4, 256});
            }),
            "epitome rule 8x4 on crossbars of 256 rows has no room for a kernel of 3x3");
  EXPECT_EQ(error_of([] {
              epitome_by_rule({9, 9, 3}, {16, 4, 8});
            }),
            "epitome rule 16x4 on crossbars of 8 rows has no room for a kernel of 3x3");
  EXPECT_EQ(error_of([] {
              epitome_by_rule({9, 9, 3}, {16, 4, 0});
            }),
            "epitome rule 16x4 on crossbars of 0 rows is not positive");
}

TEST(Epitome, TheShapeOfAConvolutionIsThatOfOneGroup) {
  Conv conv;
  conv.in_channels = 12;
  conv.out_channels = 8;
  conv.kernel = 3;
  conv.groups = 4;
  EXPECT_EQ(weight_shape(conv), (ConvWeightShape{8, 3, 3}));
}

}  // namespace
}  // namespace gibbon::nn
