#include "gibbon/sim/nonideal/device_planes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "gibbon/base/error.hpp"

namespace gibbon::sim {
namespace {

using ::testing::ElementsAre;

hw::Device device_of(std::vector<double> resistances, double variation, double stuck_high,
                     double stuck_low) {
  hw::Device device;
  device.levels = static_cast<int>(resistances.size());
  device.resistance_ohm = std::move(resistances);
  device.variation_percent = variation;
  device.stuck_at_high_percent = stuck_high;
  device.stuck_at_low_percent = stuck_low;
  return device;
}

/// Digits 0, 1, ..., levels - 1 in turn.
std::vector<int> cycling_digits(std::size_t count, int levels) {
  std::vector<int> digits(count);
  for (std::size_t i = 0; i < count; ++i) digits[i] = static_cast<int>(i) % levels;
  return digits;
}

double mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TEST(DevicePlane, OnOffRatioOfIdealResistances) {
  // One bit: 0 reads 1 * 1e4/1e6 = 0.01, 1 reads 1. Signed -1 matches no level.
  const std::vector<int> digits{0, 1, -1};
  EXPECT_THAT(
      device_plane(digits, device_of({1e6, 1e4}, 0, 0, 0), DeviceModel::kPerPlane, base::Rng(1)),
      ElementsAre(0.01F, 1, -1));
  // Two bits: digit j reads 3 * 1e4 / R_j = 3/100, 1, 1.5, 3; in the corrected model -2 reads -1.5.
  const std::vector<int> two_bits{0, 1, 2, 3, -2};
  const auto device = device_of({1e6, 3e4, 2e4, 1e4}, 0, 0, 0);
  EXPECT_THAT(device_plane(two_bits, device, DeviceModel::kPerCell, base::Rng(1)),
              ElementsAre(0.03F, 1, 1.5F, 3, -1.5F));
  EXPECT_THAT(device_plane(two_bits, device, DeviceModel::kPerPlane, base::Rng(1)),
              ElementsAre(0.03F, 1, 1.5F, 3, -2));
}

TEST(DevicePlane, StuckCellsFollowTheClosedForm) {
  // p0 = 2 %, p1 = 3 %, digits 0..3 equally often, resistances that read exactly. The expected
  // shift of digit d is -p0 d + p1 (3 - d): over all d, -0.02 * 1.5 + 0.03 * 1.5 = 0.015.
  const std::size_t count = 200000;
  const auto digits = cycling_digits(count, 4);
  const auto device = device_of({1e30, 3e4, 1.5e4, 1e4}, 0, 2, 3);
  for (const DeviceModel model : {DeviceModel::kPerPlane, DeviceModel::kPerCell}) {
    const std::uint64_t seed = 11;
    const auto values = device_plane(digits, device, model, base::Rng(seed));
    std::vector<float> shift(count);
    double squares = 0;
    long changed = 0;
    for (std::size_t i = 0; i < count; ++i) {
      shift[i] = values[i] - static_cast<float>(digits[i]);
      squares += static_cast<double>(shift[i]) * shift[i];
      if (std::abs(shift[i]) > 0.5F) ++changed;
    }
    const double error = std::sqrt(squares) / static_cast<double>(count);
    EXPECT_NEAR(mean(shift), 0.015, 5 * error) << "seed " << seed;
    // Changed: p0 of the digits 1..3 and p1 of 0..2: 0.75 * 0.05 of the cells, binomial.
    const double expected = 0.0375;
    EXPECT_NEAR(static_cast<double>(changed) / static_cast<double>(count), expected,
                5 * std::sqrt(expected * (1 - expected) / static_cast<double>(count)))
        << "seed " << seed;
  }
}

TEST(DevicePlane, NegativeStuckCells) {
  const std::vector<int> digits(1000, -1);
  // All stuck at low resistance: MNSIM reads +1 even there, the corrected model keeps the sign.
  const auto device = device_of({1e6, 1e4}, 0, 0, 100);
  EXPECT_EQ(mean(device_plane(digits, device, DeviceModel::kPerPlane, base::Rng(1))), 1);
  EXPECT_EQ(mean(device_plane(digits, device, DeviceModel::kPerCell, base::Rng(1))), -1);
  EXPECT_EQ(mean(device_plane(digits, device_of({1e6, 1e4}, 0, 100, 0), DeviceModel::kPerCell,
                              base::Rng(1))),
            0);
}

TEST(DevicePlane, VariationIsOneDrawALevelPerPlane) {
  const auto digits = cycling_digits(1000, 2);
  const auto device = device_of({1e6, 1e4}, 5, 0, 0);
  // The relative error of a plane's level is -delta / (R + delta), delta ~ N(0, 0.05 R): over many
  // planes its standard deviation is close to 5 %, its mean close to 0.05^2.
  const int planes = 4000;
  double sum = 0;
  double squares = 0;
  for (int plane = 0; plane < planes; ++plane) {
    const auto values =
        device_plane(digits, device, DeviceModel::kPerPlane,
                     base::Rng::forked(23, "plane", static_cast<std::uint64_t>(plane)));
    ASSERT_EQ(std::set<float>(values.begin(), values.end()).size(), 2U);
    const double error = values[1] - 1;
    sum += error;
    squares += error * error;
  }
  const double spread = std::sqrt(squares / planes - sum / planes * sum / planes);
  EXPECT_NEAR(spread, 0.05, 0.05 * 5 / std::sqrt(2.0 * planes) + 0.0005) << "seed 23";
  EXPECT_NEAR(sum / planes, 0.0025, 5 * 0.05 / std::sqrt(planes)) << "seed 23";
}

TEST(DevicePlane, VariationPerCellInTheCorrectedModel) {
  const std::size_t count = 20000;
  const std::vector<int> digits(count, -1);
  const auto values =
      device_plane(digits, device_of({1e6, 1e4}, 2, 0, 0), DeviceModel::kPerCell, base::Rng(31));
  EXPECT_GT(std::set<float>(values.begin(), values.end()).size(), count / 4);
  double squares = 0;
  for (const float value : values) squares += std::pow(value + 1.0, 2);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(count)), 0.02,
              0.02 * 5 / std::sqrt(2.0 * static_cast<double>(count)) + 0.0002)
      << "seed 31";
}

TEST(DevicePlane, TheSameStreamGivesTheSamePlane) {
  const auto digits = cycling_digits(500, 2);
  const auto device = device_of({1e6, 1e4}, 5, 1, 1);
  for (const DeviceModel model : {DeviceModel::kPerPlane, DeviceModel::kPerCell}) {
    const auto first = device_plane(digits, device, model, base::Rng(5));
    EXPECT_EQ(device_plane(digits, device, model, base::Rng(5)), first);
    EXPECT_NE(device_plane(digits, device, model, base::Rng(6)), first);
  }
}

TEST(DevicePlane, NeedsAResistanceALevel) {
  hw::Device device = device_of({1e6, 1e4}, 0, 0, 0);
  device.levels = 4;
  const std::vector<int> digits{0};
  try {
    device_plane(digits, device, DeviceModel::kPerCell, base::Rng(1));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "device.resistance_ohm has 2 values, its 4 levels need one each");
  }
}

}  // namespace
}  // namespace gibbon::sim
