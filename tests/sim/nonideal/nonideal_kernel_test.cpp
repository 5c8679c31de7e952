#include "gibbon/sim/nonideal/nonideal_kernel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "gibbon/base/error.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

class NonidealKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    base::Rng rng(17);
    const nn::Conv conv{12, 7, 3, 2, 1};
    trained_ = std::make_unique<nn::TrainedNetwork>(
        one_layer_network(conv, {12, 7, 7}, 1, random_state(12 * 9 * 7, 108, 7, 9, rng)));
    inputs_ = random_inputs(12 * 49 * 3, rng);
    hardware_ = accuracy_hardware(64, 1, 2, 8, 2, 64);
    // Levels that read as whole digits: 3e4 / R = 0 (nearly), 1, 2, 3.
    hardware_.device.resistance_ohm = {1e30, 3e4, 1.5e4, 1e4};
    hardware_.device.variation_percent = 0;
    hardware_.device.stuck_at_high_percent = 0;
    hardware_.device.stuck_at_low_percent = 0;
  }

  CrossbarLayer layer(AdcMode mode = AdcMode::kScale) const {
    return prepare_crossbar_layer(*trained_, 0, hardware_, mode);
  }
  std::vector<float> outputs(const CrossbarKernel& kernel) const {
    std::vector<float> output(7 * 16 * 3);
    kernel.run(inputs_.data(), 3, output.data());
    return output;
  }
  std::vector<float> nonideal(std::uint64_t seed, Isa isa = Isa::kAuto,
                              DeviceModel model = DeviceModel::kPerPlane) const {
    return outputs(*make_nonideal_kernel(layer(), hardware_.device, model, seed, isa));
  }

  std::unique_ptr<nn::TrainedNetwork> trained_;
  std::vector<float> inputs_;
  hw::HardwareConfig hardware_;
};

TEST_F(NonidealKernel, PerfectDevicesGiveTheIdealCrossbar) {
  for (const int polarity : {1, 2}) {
    hardware_.pe.polarity = polarity;
    const auto expected = outputs(*make_reference_kernel(layer()));
    EXPECT_EQ(nonideal(1), expected) << polarity;
    EXPECT_EQ(nonideal(1, Isa::kAuto, DeviceModel::kPerCell), expected) << polarity;
  }
}

TEST_F(NonidealKernel, DependsOnTheSeedOnly) {
  hardware_.device.variation_percent = 5;
  hardware_.device.stuck_at_high_percent = 1;
  const auto first = nonideal(1);
  for (const Isa isa : available_isas()) EXPECT_EQ(nonideal(1, isa), first) << isa_name(isa);
  EXPECT_NE(nonideal(2), first);
  EXPECT_NE(nonideal(1, Isa::kAuto, DeviceModel::kPerCell), first);
  EXPECT_NE(outputs(*make_reference_kernel(layer())), first);
}

TEST_F(NonidealKernel, PolaritiesFailIndependently) {
  // All weights positive: with every cell stuck at low resistance both cells read 3, the difference
  // and the output are 0.
  hardware_.device.stuck_at_low_percent = 100;
  for (const float value : nonideal(1)) EXPECT_EQ(value, 0);
  // Half of each polarity stuck, independently: not all of them cancel.
  hardware_.device.stuck_at_low_percent = 50;
  double sum = 0;
  for (const float value : nonideal(1)) sum += std::abs(value);
  EXPECT_GT(sum, 0);
}

TEST_F(NonidealKernel, RefusesTheIdealMode) {
  try {
    make_nonideal_kernel(layer(AdcMode::kIdeal), hardware_.device, DeviceModel::kPerCell, 1,
                         Isa::kAuto);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "device non-idealities need crossbars: not with the ideal mode");
  }
}

TEST_F(NonidealKernel, RefusesInstructionsThatTheMachineLacks) {
  const std::vector<Isa> present = available_isas();
  int missing = 0;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512Popcnt, Isa::kAvx512Vnni, Isa::kAmx}) {
    if (std::find(present.begin(), present.end(), isa) != present.end()) continue;
    EXPECT_THROW(nonideal(1, isa), base::Error) << isa_name(isa);
    ++missing;
  }
  if (missing == 0) GTEST_SKIP() << "the machine lacks none";
}

}  // namespace
}  // namespace gibbon::sim
