#include "gibbon/app/commands/simulate_explain.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "error_of.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {
namespace {

using testing::HasSubstr;

nn::Network shipped(const char* name) {
  return load_network(locate(PresetKind::kNetworks, name));
}

std::string request_error(const std::string& request) {
  return test::error_of([&] {
    explain(*sim::make_simulator("mnsim2"), shipped("lenet-fashion"), {},
            parse_explain_request(request));
  });
}

TEST(SimulateExplain, RequestsAreRead) {
  EXPECT_EQ(parse_explain_request("energy").quantity, sim::Quantity::kEnergy);
  EXPECT_EQ(parse_explain_request("energy").layer, "");
  const ExplainRequest request = parse_explain_request("area:stage1:conv");
  EXPECT_EQ(request.quantity, sim::Quantity::kArea);
  EXPECT_EQ(request.layer, "stage1:conv");  // names may hold colons
}

TEST(SimulateExplain, ErrorsSayWhatIsAllowed) {
  EXPECT_EQ(request_error("enrgy"),
            "--explain: unknown quantity 'enrgy'; did you mean 'energy'?; allowed are latency, "
            "energy, area, power");
  EXPECT_THAT(request_error("speed"), HasSubstr("allowed are latency, energy, area, power"));
  EXPECT_EQ(request_error("energy:"), "--explain: no layer behind 'energy:'");
  EXPECT_EQ(request_error("energy:conv9x"),
            "--explain: unknown layer 'conv9x'; did you mean 'conv1'?; the model's layers: conv1, "
            "pool1, conv2, pool2, conv3, fc1, fc2");
}

/// What a printed line holds: "  NAME  VALUE  SOURCE" for a term.
double printed_terms(const std::string& text) {
  double sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
    const bool term = line.starts_with("  ") && !line.starts_with("    =");
    if (term) sum += std::stod(line.substr(33));
  }
  return sum;
}

double printed_total(const std::string& text) {
  return std::stod(text.substr(text.rfind("\ntotal ") + 34));
}

TEST(SimulateExplain, PrintedTermsSumToThePrintedTotal) {
  for (const char* network : {"lenet-fashion", "resnet18-cifar10"}) {
    for (const char* model : {"mnsim2", "mnsim2-corrected"}) {
      for (const sim::Quantity quantity : sim::kQuantities) {
        const auto explanation =
            explain(*sim::make_simulator(model), shipped(network), {}, {quantity, ""});
        const std::string text = to_text(explanation);
        EXPECT_GT(explanation.total, 0);
        EXPECT_NEAR(printed_total(text), explanation.total, 1e-8 * explanation.total);
        EXPECT_NEAR(printed_terms(text), explanation.total, 1e-8 * explanation.total)
            << network << " " << model << " " << sim::quantity_name(quantity);
      }
    }
  }
}

TEST(SimulateExplain, OneLayerHasItsOwnTotal) {
  const auto simulator = sim::make_simulator("mnsim2");
  const nn::Network network = shipped("lenet-fashion");
  const auto explanation = explain(*simulator, network, {}, {sim::Quantity::kEnergy, "conv2"});
  const auto result = simulator->simulate(network, {});
  EXPECT_NEAR(explanation.total, result->layers[2].energy_nj.sum(), 1e-9 * explanation.total);
  const std::string text = to_text(explanation);
  EXPECT_THAT(text, testing::StartsWith("conv2: "));
  EXPECT_THAT(text, testing::Not(HasSubstr("conv1")));
}

TEST(SimulateExplain, LayersWithoutTermsSaySo) {
  sim::Explanation explanation;
  explanation.layers = {"side"};
  EXPECT_THAT(to_text(explanation), HasSubstr("side: not on the chain that ends last\n"));
  explanation.quantity = sim::Quantity::kPower;
  EXPECT_THAT(to_text(explanation), HasSubstr("side: 0\n"));
}

TEST(SimulateExplain, NetworksThatDoNotFitAreErrors) {
  hw::HardwareConfig hardware;
  hardware.chip.tile_rows = hardware.chip.tile_columns = 1;
  try {
    explain(*sim::make_simulator("mnsim2"), shipped("lenet-fashion"), hardware, {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the chip has 1"));
  }
}

}  // namespace
}  // namespace gibbon::app
