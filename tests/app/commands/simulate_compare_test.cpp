#include "gibbon/app/commands/simulate_compare.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {
namespace {

using testing::HasSubstr;

/// One layer "c" with an energy of 100 nJ (ADC) and an area of 1 mm2 (crossbar).
ModelResult model(const char* name, double energy_nj, double area_um2) {
  sim::LayerResult layer;
  layer.name = "c";
  layer.energy_nj[sim::Component::kAdc] = energy_nj;
  layer.area_um2[sim::Component::kCrossbar] = area_um2;
  sim::SimulationResult result;
  result.layers = {layer};
  result.latency_ns = 1e6;
  return {name, result};
}

TEST(SimulateCompare, TheFirstModelIsTheOneAskedFor) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(models_to_compare("mnsim2"), (Names{"mnsim2", "mnsim2-corrected"}));
  EXPECT_EQ(models_to_compare("mnsim2-corrected"), (Names{"mnsim2-corrected", "mnsim2"}));
}

TEST(SimulateCompare, MarksWhatDiffersByMoreThanFivePercent) {
  EXPECT_FALSE((ComparedFigure{"x", "", 100, 105}.differs_much()));
  EXPECT_TRUE((ComparedFigure{"x", "", 100, 105.1}.differs_much()));
  EXPECT_FALSE((ComparedFigure{"x", "", 100, 95}.differs_much()));
  EXPECT_TRUE((ComparedFigure{"x", "", 100, 94.9}.differs_much()));
  EXPECT_TRUE((ComparedFigure{"x", "", 0, 1}.differs_much()));
  EXPECT_FALSE((ComparedFigure{"x", "", 0, 0}.differs_much()));
  EXPECT_DOUBLE_EQ((ComparedFigure{"x", "", 80, 100}.change_percent()), 25);
}

TEST(SimulateCompare, ListsThePartsThatDiffer) {
  const ModelComparison comparison = compare_models(model("a", 100, 1e6), model("b", 150, 1e6));
  ASSERT_EQ(comparison.totals.size(), 5u);
  ASSERT_EQ(comparison.parts.size(), 1u);
  EXPECT_EQ(comparison.parts[0].name, "adc energy");
  EXPECT_DOUBLE_EQ(comparison.parts[0].second, 0.15);  // uJ
  ASSERT_EQ(comparison.layers.size(), 1u);
  EXPECT_EQ(comparison.layers[0].name, "c energy");
  const std::string text = to_text(comparison);
  EXPECT_THAT(text, HasSubstr("+50.0 % *\n"));
  EXPECT_THAT(text, HasSubstr("same\n"));
  EXPECT_THAT(text, testing::EndsWith("\n* differs by more than 5 %\n"));
  const base::Json json = to_json(comparison);
  EXPECT_EQ(json.at("models").at(1), "b");
  EXPECT_EQ(json.at("components").at(0).at("differs_much"), true);
  EXPECT_DOUBLE_EQ(json.at("components").at(0).at("change_percent").get<double>(), 50);
}

TEST(SimulateCompare, WhatOnlyTheSecondHasIsNew) {
  const ModelComparison comparison = compare_models(model("a", 0, 1e6), model("b", 150, 1e6));
  EXPECT_THAT(to_text(comparison), HasSubstr("new *\n"));
  EXPECT_FALSE(to_json(comparison).at("components").at(0).contains("change_percent"));
}

TEST(SimulateCompare, ShippedNetworksFit80Columns) {
  for (const char* name : {"lenet-fashion", "resnet18-cifar10", "vgg8-cifar10"}) {
    const nn::Network network = load_network(locate(PresetKind::kNetworks, name));
    const auto run = [&](const char* model_name) {
      return ModelResult{model_name, *sim::make_simulator(model_name)->simulate(network, {})};
    };
    const std::string text = to_text(compare_models(run("mnsim2"), run("mnsim2-corrected")));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
    EXPECT_THAT(text, HasSubstr("inter_tile energy"));
  }
}

}  // namespace
}  // namespace gibbon::app
