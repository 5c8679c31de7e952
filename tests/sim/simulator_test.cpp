#include "gibbon/sim/simulator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::sim {
namespace {

using test::error_of;

TEST(SimulatorRegistry, EveryModelIsMadeUnderItsName) {
  ASSERT_FALSE(simulator_registry().empty());
  EXPECT_EQ(simulator_registry().front().name, "mnsim2");
  for (const SimulatorEntry& entry : simulator_registry()) {
    EXPECT_EQ(make_simulator(entry.name)->name(), entry.name);
  }
}

TEST(SimulatorRegistry, MnsimDrawsAPlaneAndTheCorrectedModelACell) {
  EXPECT_EQ(device_model_of("mnsim2"), DeviceModel::kPerPlane);
  EXPECT_EQ(device_model_of("mnsim2-corrected"), DeviceModel::kPerCell);
}

TEST(SimulatorRegistry, UnknownNamesAreRefusedWithTheKnownOnes) {
  const auto expected = testing::AllOf(testing::StartsWith("unknown simulator 'mnsim3'"),
                                       testing::HasSubstr("mnsim2-corrected"));
  EXPECT_THAT(error_of([] { make_simulator("mnsim3"); }), expected);
  EXPECT_THAT(error_of([] { device_model_of("mnsim3"); }), expected);
}

}  // namespace
}  // namespace gibbon::sim
