#include "gibbon/study/epim_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/nn/residual_network.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"

namespace gibbon::study {
namespace {

EpimSetting setting() {
  nn::ResidualNetwork residual;
  residual.width = 32;
  return {nn::make_residual_network(residual), hw::HardwareConfig{}};
}

const EpimRow& row_named(const std::vector<EpimRow>& rows, const std::string& name) {
  for (const EpimRow& row : rows) {
    if (row.name == name) return row;
  }
  throw base::Error("no row " + name);
}

/// Weights of a network, of normal numbers.
nn::TrainedNetwork random_weights(const nn::Network& network) {
  nn::TrainedNetwork trained{network, std::vector<nn::LayerState>(network.layers().size())};
  base::Rng rng(1);
  for (std::size_t i = 0; i < trained.states.size(); ++i) {
    long count = 0;
    if (const auto* conv = std::get_if<nn::Conv>(&network.layers()[i].parameters)) {
      count = nn::weight_shape(*conv).elements();
    } else if (const auto* linear = std::get_if<nn::Linear>(&network.layers()[i].parameters)) {
      count = static_cast<long>(linear->in_features) * linear->out_features;
    }
    for (long w = 0; w < count; ++w) {
      trained.states[i].weight.push_back(static_cast<float>(rng.normal()));
    }
  }
  return trained;
}

TEST(EpimRows, EveryRowStartsFromAnEarlierOne) {
  std::set<std::string> earlier = {""};
  for (const EpimRow& row : epim_rows()) {
    EXPECT_TRUE(earlier.contains(row.start)) << row.name;
    EXPECT_TRUE(earlier.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.widths.empty());
    EXPECT_GT(row.epochs, 0);
  }
}

/// The convolutions that epitomes are held against must not lose by shorter training.
TEST(EpimRows, ConvolutionsAreTrainedAsLongAsTheUniformEpitome) {
  const std::vector<EpimRow> rows = epim_rows();
  const auto seen = [&](std::string name) {
    double epochs = 0;
    while (!name.empty()) {
      const EpimRow& row = row_named(rows, name);
      epochs += row.epochs;
      name = row.start;
    }
    return epochs;
  };
  EXPECT_EQ(seen("conv-9-bit"), seen("uniform-mixed"));
}

/// 1590 crossbars of 256x256 for the convolutions in 32 slices, counted by hand over the 21 layers:
/// ceil(Cin / 28) ceil(32 Cout / 256) for 3x3, ceil(Cin / 256) ceil(32 Cout / 256) else.
/// Uniform: 56 channels (2 x 28) of 128 filters where that is smaller.
TEST(EpimRows, CrossbarsAreThoseOfTheCount) {
  const EpimDesigns designs(setting());
  EXPECT_EQ(designs.baseline_crossbars(), 1590);
  const std::vector<EpimRow> rows = epim_rows();
  const auto crossbars = [&](const std::string& name) {
    return designs.cost(designs.storage(row_named(rows, name), nullptr)).crossbars;
  };
  EXPECT_EQ(crossbars("conv-fp32"), 1590);
  EXPECT_EQ(crossbars("uniform-fp32"), 438);
  EXPECT_EQ(crossbars("uniform-9-bit"), 110);
  EXPECT_LE(crossbars("searched-9-bit"), 110);
  EXPECT_LT(crossbars("searched-3-bit"), crossbars("searched-5-bit"));
}

TEST(EpimRows, TheSearchedDesignIsBetterAtTheUniformDesignsBudget) {
  const EpimDesigns designs(setting());
  const std::vector<EpimRow> rows = epim_rows();
  const auto edp = [&](const std::string& name) {
    return designs.cost(designs.storage(row_named(rows, name), nullptr)).cost.edp_ms_mj();
  };
  EXPECT_LT(edp("searched-9-bit"), edp("uniform-9-bit"));
}

/// floor(1590 / 30.65) = 51.
class MixedWidths : public testing::TestWithParam<const char*> {};

TEST_P(MixedWidths, StayWithinTheBudget) {
  const EpimDesigns designs(setting());
  const EpimRow mixed = row_named(epim_rows(), GetParam());
  EXPECT_THAT(test::error_of([&] { designs.storage(mixed, nullptr); }),
              testing::HasSubstr("mixed widths need the weights"));
  const nn::TrainedNetwork weights = random_weights(setting().network);
  const auto storage = designs.storage(mixed, &weights);
  EXPECT_EQ(designs.mixed_budget(), 51);
  EXPECT_LE(designs.cost(storage).crossbars, 51);
  std::set<int> bits;
  const nn::Network network = designs.network(mixed, storage);
  for (const nn::Layer& layer : network.layers()) {
    if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) bits.insert(conv->weight_bits);
  }
  EXPECT_EQ(bits, (std::set<int>{3, 5}));
  EXPECT_TRUE(sim::has_epitomes(network));
}

INSTANTIATE_TEST_SUITE_P(Rows, MixedWidths, testing::Values("uniform-mixed", "mixed-both"));

TEST(EpimRows, SinglePrecisionTrainsAsNineBits) {
  const EpimDesigns designs(setting());
  const EpimRow row = epim_rows().front();
  const nn::Network network = designs.network(row, designs.storage(row, nullptr));
  EXPECT_EQ(std::get<nn::Conv>(network.layers()[0].parameters).weight_bits, 9);
  EXPECT_FALSE(sim::has_epitomes(network));
}

}  // namespace
}  // namespace gibbon::study
