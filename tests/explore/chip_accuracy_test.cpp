#include "gibbon/explore/chip_accuracy.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "error_of.hpp"
#include "explore/tiny_run.hpp"
#include "gibbon/explore/run_check.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::explore {
namespace {

class ChipAccuracy : public ::testing::Test {
 protected:
  ChipAccuracy() {
    base::Rng rng(4);
    const space::Design design = space_->decode(space_->sample(rng)).value();
    hardware_ = design.hardware;
    hardware_.device.variation_percent = 30;
    train::FinalTrainOptions options = final_options(config_, 1);
    options.epochs = 4;
    base::SilentProgress progress;
    trained_ = std::make_unique<nn::TrainedNetwork>(
        train::train_network(design.network, dataset_.train, std::nullopt, options, progress));
  }

  double accuracy() const {
    return chip_accuracy(config_, *simulator_, *trained_, hardware_, dataset_.test, 60);
  }
  /// Of the chip that a seed draws.
  double accuracy_of_chip(std::uint64_t seed) const {
    sim::AccuracyOptions options = accuracy_options(config_);
    options.device_seed = seed;
    const auto chip = sim::make_accuracy_simulator(*trained_, hardware_, options);
    return sim::measure_accuracy(*chip, dataset_.test, 60).top1_percent();
  }

  RunConfig config_ = test::tiny_config();
  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
  const data::Dataset dataset_ = test::tiny_dataset();
  const std::unique_ptr<sim::Simulator> simulator_ = sim::make_simulator("mnsim2");
  hw::HardwareConfig hardware_;
  std::unique_ptr<nn::TrainedNetwork> trained_;
};

TEST_F(ChipAccuracy, OfDrawnChipsIsTheMeanLessDeviations) {
  config_.seed = 21;
  config_.simulation.draws = 2;
  const double first = accuracy_of_chip(21);
  const double second = accuracy_of_chip(22);
  ASSERT_NE(first, second) << "these chips cannot show it";
  config_.simulation.deviations = 0;
  EXPECT_NEAR(accuracy(), (first + second) / 2, 1e-9);
  // The standard deviation of two values is their distance over the root of 2.
  config_.simulation.deviations = 1.5;
  const double deviation = std::abs(first - second) / std::sqrt(2.0);
  EXPECT_NEAR(accuracy(), std::max(0.0, (first + second) / 2 - 1.5 * deviation), 1e-9);
}

TEST_F(ChipAccuracy, IsNeverNegative) {
  config_.seed = 21;
  config_.simulation.draws = 2;
  config_.simulation.deviations = 100;
  EXPECT_EQ(accuracy(), 0.0);
}

TEST_F(ChipAccuracy, WithoutDrawsDevicesAreIdeal) {
  const double ideal = accuracy();
  hardware_.device.variation_percent = 0;
  hardware_.device.stuck_at_high_percent = 0;
  hardware_.device.stuck_at_low_percent = 0;
  EXPECT_EQ(accuracy(), ideal);
}

TEST_F(ChipAccuracy, DrawsNeedDevicesThatDiffer) {
  config_.simulation.draws = 3;
  check_names(config_, *space_);
  config_.simulation.adc_mode = "ideal";
  EXPECT_EQ(
      test::error_of([&] { check_names(config_, *space_); }),
      "simulation.draws is 3: chips of mnsim2 with adc_mode ideal have no devices that differ");
}

}  // namespace
}  // namespace gibbon::explore
