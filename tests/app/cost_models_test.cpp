#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

/// Every cost model over the joint space that the search explores.
namespace gibbon {
namespace {

constexpr std::uint64_t kSeed = 20220314;
constexpr int kDesigns = 10000;
constexpr int kDigitalStep = 10;  ///< digital_cim, the slowest, sees one design in so many

bool sound(const sim::ComponentValues& values) {
  double sum = 0;
  bool good = true;
  for (const double value : values.values) {
    good = good && std::isfinite(value) && value >= 0;
    sum += value;
  }
  return good && std::abs(values.sum() - sum) <= 1e-9 * sum;
}

bool close(double a, double b) {
  return std::isfinite(a) && std::abs(a - b) <= 1e-9 * std::abs(b);
}

void expect_sound(const sim::SimulationResult& result, const sim::Cost& cost,
                  const std::string& where) {
  double area = result.shared_area_um2.sum(), power = 0, energy = 0, finish = 0;
  bool good = true;
  for (const sim::LayerResult& layer : result.layers) {
    good = good && sound(layer.area_um2) && sound(layer.power_w) && sound(layer.energy_nj) &&
           sound(layer.busy_ns) && layer.begin_ns >= 0 && layer.begin_ns < layer.finish_ns &&
           layer.utilization >= 0 && layer.utilization <= 1;
    area += layer.area_um2.sum();
    power += layer.power_w.sum();
    energy += layer.energy_nj.sum();
    finish = std::max(finish, layer.finish_ns);
  }
  EXPECT_TRUE(good) << where;
  EXPECT_TRUE(close(area, result.area_um2()) && close(power, result.power_w()) &&
              close(energy, result.energy_nj()) && finish == result.latency_ns)
      << where;
  EXPECT_TRUE(area > 0 && power > 0 && energy > 0 && result.operations > 0) << where;
  const sim::Cost summary = sim::summarize(result);
  EXPECT_TRUE(cost.latency_ms == summary.latency_ms && cost.energy_mj == summary.energy_mj &&
              cost.area_mm2 == summary.area_mm2 && cost.power_w == summary.power_w)
      << where;
}

TEST(CostModels, TenThousandDesignsOfTheGibbonSpaceAreSound) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  const auto space = space::make_gibbon_space(space::gibbon_table1_spec());
  std::vector<std::unique_ptr<sim::Simulator>> simulators;
  for (const auto& entry : sim::simulator_registry()) simulators.push_back(entry.make());
  base::Rng rng(kSeed);
  int fitting = 0;
  for (int i = 0; i < kDesigns; ++i) {
    const auto design = space->decode(space->sample(rng));
    if (!design) continue;
    hw::HardwareConfig hardware = design->hardware;
    hardware.digital_cim.emplace();
    for (const auto& simulator : simulators) {
      if (simulator->name() == "digital_cim" && i % kDigitalStep != 0) continue;
      const auto result = simulator->simulate(design->network, hardware);
      const auto cost = simulator->cost(design->network, hardware);
      const std::string where = std::string(simulator->name()) + ", design " + std::to_string(i);
      ASSERT_EQ(result.ok(), cost.ok()) << where;
      if (!result) continue;
      ++fitting;
      expect_sound(*result, *cost, where);
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(fitting, kDesigns);
}

}  // namespace
}  // namespace gibbon
