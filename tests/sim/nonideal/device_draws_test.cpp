#include "gibbon/sim/nonideal/device_draws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gibbon/base/error.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

class DeviceDraws : public ::testing::Test {
 protected:
  void SetUp() override {
    base::Rng rng(61);
    trained_ = std::make_unique<nn::TrainedNetwork>(
        one_layer_network(nn::Linear{16, 4}, {16, 1, 1}, 4, random_state(64, 16, 9, 9, rng)));
    images_ = {16, 1, 1, {}, {}};
    for (int i = 0; i < 300; ++i) {
      for (int p = 0; p < 16; ++p) {
        images_.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
      }
      images_.labels.push_back(static_cast<std::int32_t>(rng.below(4)));
    }
    hardware_ = accuracy_hardware(64, 1, 1, 8, 2, 64);
    set_device(0, 0, 0);
  }

  void set_device(double variation, double stuck_high, double stuck_low) {
    hardware_.device.variation_percent = variation;
    hardware_.device.stuck_at_high_percent = stuck_high;
    hardware_.device.stuck_at_low_percent = stuck_low;
  }
  std::vector<DeviceDraw> draw(int count, std::uint64_t seed = 7) {
    runs_ = 0;
    return draw_devices(*trained_, hardware_, {}, images_, 200, seed, count, [&](int) { ++runs_; });
  }

  std::unique_ptr<nn::TrainedNetwork> trained_;
  data::ImageSet images_;
  hw::HardwareConfig hardware_;
  int runs_ = 0;
};

TEST_F(DeviceDraws, EachDrawIsTheChipOfItsSeed) {
  set_device(30, 2, 2);
  const auto draws = draw(6);
  ASSERT_EQ(draws.size(), 6U);
  EXPECT_EQ(runs_, 6);
  std::set<int> correct;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    EXPECT_EQ(draws[i].seed, 7 + i);
    EXPECT_EQ(draws[i].accuracy.images, 200);
    AccuracyOptions options;
    options.device_seed = draws[i].seed;
    const auto chip = make_accuracy_simulator(*trained_, hardware_, options);
    EXPECT_EQ(draws[i].accuracy.correct, measure_accuracy(*chip, images_, 200).correct);
    correct.insert(draws[i].accuracy.correct);
  }
  EXPECT_GT(correct.size(), 2U);
  // A later seed begins further on in the same list.
  EXPECT_EQ(draw(1, 9).front().accuracy.correct, draws[2].accuracy.correct);
}

TEST_F(DeviceDraws, ChipsThatCannotDifferAreRunOnce) {
  EXPECT_FALSE(chips_differ(hardware_.device));
  const auto draws = draw(20);
  EXPECT_EQ(runs_, 1);
  ASSERT_EQ(draws.size(), 20U);
  for (const DeviceDraw& drawn : draws) {
    EXPECT_EQ(drawn.accuracy.correct, draws[0].accuracy.correct);
  }
  EXPECT_EQ(draws[19].seed, 26U);
}

TEST_F(DeviceDraws, AnyNonIdealityMakesChipsDiffer) {
  for (const auto& [variation, high, low] :
       {std::tuple{0.1, 0.0, 0.0}, {0.0, 0.1, 0.0}, {0.0, 0.0, 0.1}}) {
    set_device(variation, high, low);
    EXPECT_TRUE(chips_differ(hardware_.device));
    draw(2);
    EXPECT_EQ(runs_, 2);
  }
}

TEST_F(DeviceDraws, NeedsOneDraw) {
  EXPECT_EQ(draw(1).size(), 1U);
  try {
    draw(0);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "0 draws of the devices are not possible, at least 1");
  }
}

TEST_F(DeviceDraws, NeedCrossbars) {
  AccuracyOptions options;
  options.mode = AdcMode::kIdeal;
  EXPECT_THROW(draw_devices(*trained_, hardware_, options, images_, 200, 1, 2), base::Error);
}

TEST(SpreadOf, MeanAndSampleDeviation) {
  // Mean of 2, 4, 9: 5; squares 9 + 1 + 16 = 26, over 2: 13.
  const Spread spread = spread_of(std::vector<double>{4, 2, 9});
  EXPECT_DOUBLE_EQ(spread.mean, 5);
  EXPECT_DOUBLE_EQ(spread.deviation, std::sqrt(13.0));
  EXPECT_EQ(spread.minimum, 2);
  EXPECT_EQ(spread.maximum, 9);
  const Spread one = spread_of(std::vector<double>{3});
  EXPECT_EQ(one.mean, 3);
  EXPECT_EQ(one.deviation, 0);
}

}  // namespace
}  // namespace gibbon::sim
