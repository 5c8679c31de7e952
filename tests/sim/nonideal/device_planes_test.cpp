#include "gibbon/sim/nonideal/device_planes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

DeviceStreams streams(std::uint64_t seed, std::uint64_t index = 0) {
  return DeviceStreams::forked(seed, "plane", index);
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
      device_plane(digits, device_of({1e6, 1e4}, 0, 0, 0), DeviceModel::kPerPlane, streams(1)),
      ElementsAre(0.01F, 1, -1));
  // Two bits: digit j reads 3 * 1e4 / R_j = 3/100, 1, 1.5, 3; in the corrected model -2 reads -1.5.
  const std::vector<int> two_bits{0, 1, 2, 3, -2};
  const auto device = device_of({1e6, 3e4, 2e4, 1e4}, 0, 0, 0);
  EXPECT_THAT(device_plane(two_bits, device, DeviceModel::kPerCell, streams(1)),
              ElementsAre(0.03F, 1, 1.5F, 3, -1.5F));
  EXPECT_THAT(device_plane(two_bits, device, DeviceModel::kPerPlane, streams(1)),
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
    const auto values = device_plane(digits, device, model, streams(seed));
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
  EXPECT_EQ(mean(device_plane(digits, device, DeviceModel::kPerPlane, streams(1))), 1);
  EXPECT_EQ(mean(device_plane(digits, device, DeviceModel::kPerCell, streams(1))), -1);
  EXPECT_EQ(mean(device_plane(digits, device_of({1e6, 1e4}, 0, 100, 0), DeviceModel::kPerCell,
                              streams(1))),
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
    const auto values = device_plane(digits, device, DeviceModel::kPerPlane,
                                     streams(23, static_cast<std::uint64_t>(plane)));
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
      device_plane(digits, device_of({1e6, 1e4}, 2, 0, 0), DeviceModel::kPerCell, streams(31));
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
    const auto first = device_plane(digits, device, model, streams(5));
    EXPECT_EQ(device_plane(digits, device, model, streams(5)), first);
    EXPECT_NE(device_plane(digits, device, model, streams(6)), first);
  }
}

/// Levels that read as their digits.
hw::Device exact_device(double variation, double stuck_high, double stuck_low) {
  return device_of({1e30, 3e4, 1.5e4, 1e4}, variation, stuck_high, stuck_low);
}

TEST(DevicePlane, ConductanceOfEachLevelFollowsTheClosedForm) {
  // A cell of level j reads j / (1 + x), x ~ N(0, v): to second order in v its mean is
  // j (1 + v^2) and its standard deviation j v (1 + 4 v^2).
  constexpr std::uint64_t kSeed = 41;
  const std::size_t count = 40000;
  const double v = 0.03;
  for (const int level : {1, 2, 3}) {
    const std::vector<int> digits(count, level);
    const auto values = device_plane(digits, exact_device(100 * v, 0, 0), DeviceModel::kPerCell,
                                     streams(kSeed, static_cast<std::uint64_t>(level)));
    const double found = mean(values);
    double squares = 0;
    for (const float value : values) squares += std::pow(value - found, 2);
    const double deviation = std::sqrt(squares / static_cast<double>(count - 1));
    const double expected = level * v * (1 + 4 * v * v);
    // 4 standard errors: s / sqrt(n) of a mean, s / sqrt(2 n) of a standard deviation.
    EXPECT_NEAR(found, level * (1 + v * v), 4 * expected / std::sqrt(count)) << "seed " << kSeed;
    EXPECT_NEAR(deviation, expected, 4 * expected / std::sqrt(2.0 * count)) << "seed " << kSeed;
  }
}

TEST(DevicePlane, ColumnSumsSpreadWithTheRootOfTheirCells) {
  // n cells of digit 1 in a column: independent cells add to a standard deviation of v sqrt(n),
  // those of one draw a plane to v n.
  constexpr std::uint64_t kSeed = 43;
  const std::size_t cells = 64;
  const int columns = 3000;
  const double v = 0.02;
  const std::vector<int> digits(cells, 1);
  for (const auto& [model, expected] : {std::pair{DeviceModel::kPerCell, v * std::sqrt(cells)},
                                        {DeviceModel::kPerPlane, v * cells}}) {
    std::vector<double> sums;
    for (int column = 0; column < columns; ++column) {
      const auto values = device_plane(digits, exact_device(100 * v, 0, 0), model,
                                       streams(kSeed, static_cast<std::uint64_t>(column)));
      sums.push_back(mean(values) * cells);
    }
    double average = 0;
    for (const double sum : sums) average += sum / columns;
    double squares = 0;
    for (const double sum : sums) squares += (sum - average) * (sum - average);
    const double deviation = std::sqrt(squares / (columns - 1));
    const double factor = 1 + 4 * v * v;
    EXPECT_NEAR(average, cells * (1 + v * v), 4 * expected / std::sqrt(columns))
        << "seed " << kSeed;
    EXPECT_NEAR(deviation, expected * factor, 4 * expected / std::sqrt(2.0 * columns))
        << "seed " << kSeed;
  }
}

TEST(DevicePlane, CountsOfStuckCellsAreBinomial) {
  // Middle digits: stuck cells read 0 or 3, all others what they are.
  constexpr std::uint64_t kSeed = 47;
  const std::size_t count = 100000;
  const std::vector<int> digits(count, 2);
  for (const auto& [high, low] : {std::pair{0.1, 0.1}, {2.0, 3.0}, {0.0, 10.0}, {25.0, 0.0}}) {
    const auto values =
        device_plane(digits, exact_device(0, high, low), DeviceModel::kPerCell, streams(kSeed));
    const auto within_4_sigma = [&](float value, double percent) {
      const double expected = percent / 100 * count;
      EXPECT_NEAR(static_cast<double>(std::count(values.begin(), values.end(), value)), expected,
                  4 * std::sqrt(expected * (1 - percent / 100)))
          << "seed " << kSeed << ", " << percent << " % at " << value;
    };
    within_4_sigma(0, high);
    within_4_sigma(3, low);
    within_4_sigma(2, 100 - high - low);
  }
}

TEST(DevicePlane, FaultsDoNotMoveTheVariationNorTheOtherWayRound) {
  const auto digits = cycling_digits(4000, 4);
  const auto ratio_device = device_of({1e5, 4e4, 1.8e4, 1e4}, 5, 0, 0);
  for (const DeviceModel model : {DeviceModel::kPerPlane, DeviceModel::kPerCell}) {
    const auto plane = [&](const hw::Device& device) {
      return device_plane(digits, device, model, streams(53));
    };
    const auto varied = plane(exact_device(5, 0, 0));
    const auto stuck = plane(exact_device(0, 4, 6));
    const auto both = plane(exact_device(5, 4, 6));
    const auto more = plane(exact_device(9, 4, 20));
    const auto other_ratio = plane(ratio_device);
    int kept = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const auto digit = static_cast<float>(digits[i]);
      // Middle digits show whether a cell is stuck; those that are not vary as without faults.
      if (digit == 0 || digit == 3) continue;
      ASSERT_EQ(both[i], stuck[i] == digit ? varied[i] : stuck[i]) << i;
      // Cells that are stuck stay so where more cells are, whatever the variation.
      if (stuck[i] != digit) {
        ASSERT_EQ(more[i], stuck[i]) << i;
      }
      kept += stuck[i] == digit;
      // Another ratio scales the reads and draws nothing anew: level 1 reads 3 1e4 / 4e4 = 0.75,
      // level 2 3 1e4 / 1.8e4 = 1.6667, times the same factors.
      const double scale = digit == 1 ? 0.75 : 3e4 / 1.8e4 / 2;
      ASSERT_NEAR(other_ratio[i], varied[i] * scale, 1e-6) << i;
    }
    EXPECT_GT(kept, 1500);
    EXPECT_LT(kept, 2000);
  }
}

TEST(DevicePlane, NeedsAResistanceALevel) {
  hw::Device device = device_of({1e6, 1e4}, 0, 0, 0);
  device.levels = 4;
  const std::vector<int> digits{0};
  try {
    device_plane(digits, device, DeviceModel::kPerCell, streams(1));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "device.resistance_ohm has 2 values, its 4 levels need one each");
  }
}

}  // namespace
}  // namespace gibbon::sim
