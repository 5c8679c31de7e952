// The shipped digital chip, and the shipped ViT-B/16 on it.

#include <gtest/gtest.h>

#include <filesystem>

#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {
namespace {

hw::HardwareConfig shipped_chip() {
  std::filesystem::current_path(GIBBON_SOURCE_DIR);
  return load_hardware(locate(PresetKind::kHardware, "digital-cim"));
}

TEST(DigitalCimPreset, SpellsOutTheDefaults) {
  hw::HardwareConfig expected;
  expected.name = "digital-cim";
  expected.has_crossbars = false;
  expected.digital_cim.emplace();
  EXPECT_EQ(hw::to_json(shipped_chip()), hw::to_json(expected));
}

TEST(DigitalCimPreset, IsWrittenAndReadBack) {
  const hw::HardwareConfig chip = shipped_chip();
  EXPECT_EQ(hw::to_json(hardware_from_yaml(read_yaml_text(to_yaml(chip), "chip"))),
            hw::to_json(chip));
}

TEST(DigitalCimPreset, EveryModelNamesShippedHardware) {
  shipped_chip();
  for (const sim::SimulatorEntry& entry : sim::simulator_registry()) {
    EXPECT_TRUE(std::filesystem::exists(locate(PresetKind::kHardware, entry.hardware)));
  }
}

/// The figures in the presets' headers and in docs/models/digital_cim.md.
TEST(DigitalCimPreset, RunsViTB) {
  const hw::HardwareConfig chip = shipped_chip();
  const nn::Network vit = load_network(locate(PresetKind::kNetworks, "vit-b16-imagenet"));
  const sim::Cost cost = *sim::make_simulator("digital_cim")->cost(vit, chip);
  EXPECT_NEAR(cost.latency_ms, 2.424, 0.005);
  EXPECT_NEAR(cost.energy_mj, 23.68, 0.05);
  EXPECT_NEAR(cost.area_mm2, 15.32, 0.05);
}

TEST(DigitalCimPreset, SmallChipRunsTheSmallTransformer) {
  shipped_chip();
  const auto chip = load_hardware(locate(PresetKind::kHardware, "small-digital-cim"));
  const nn::Network vit = load_network(locate(PresetKind::kNetworks, "vit-cifar10"));
  const sim::Cost cost = *sim::make_simulator("digital_cim")->cost(vit, chip);
  EXPECT_NEAR(cost.latency_ms, 0.3802, 5e-5);
  EXPECT_NEAR(cost.energy_mj, 0.0903, 5e-5);
  EXPECT_NEAR(cost.area_mm2, 0.5067, 5e-5);
}

}  // namespace
}  // namespace gibbon::app
