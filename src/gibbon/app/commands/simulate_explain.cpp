#include "gibbon/app/commands/simulate_explain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::app {
namespace {

std::string fit(const std::string& text, std::size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 1) + "~";
}

/// Nine digits: the rounding of a hundred terms stays below a ten-millionth of their sum.
std::string exact(double value) {
  return fmt::format("{:.9g}", value);
}

/// Counts are mostly whole.
std::string count_text(double count) {
  const double whole = std::round(count);
  const bool near = std::abs(count - whole) <= 1e-9 * std::max(1.0, whole);
  return near && whole < 1e9 ? fmt::format("{:.0f}", whole) : fmt::format("{:.5g}", count);
}

std::string unit_of(sim::Quantity quantity) {
  return quantity == sim::Quantity::kEnergy ? "W" : std::string(sim::quantity_unit(quantity));
}

std::string formula(const sim::Term& term, sim::Quantity quantity) {
  std::string text =
      fmt::format("{} x {:.4g} {}", count_text(term.count), term.unit_value, unit_of(quantity));
  if (quantity == sim::Quantity::kEnergy) text += fmt::format(" x {:.5g} ns", term.time_ns);
  return text;
}

/// The figure's sum over one layer is the layer's own figure.
void keep_layer(const std::string& layer, sim::Explanation& explanation) {
  const auto& layers = explanation.layers;
  if (std::find(layers.begin(), layers.end(), layer) == layers.end()) {
    throw base::Error(fmt::format("--explain: unknown layer '{}'{}; the model's layers: {}", layer,
                                  base::did_you_mean(layer, layers), fmt::join(layers, ", ")));
  }
  std::erase_if(explanation.terms, [&](const sim::Term& term) { return term.layer != layer; });
  explanation.layers = {layer};
  explanation.total = 0;
  for (const sim::Term& term : explanation.terms) explanation.total += term.value;
}

std::string layer_lines(const sim::Explanation& explanation, const std::string& layer) {
  std::string lines;
  double sum = 0;
  for (const sim::Term& term : explanation.terms) {
    if (term.layer != layer) continue;
    sum += term.value;
    const std::string name = fmt::format("{}: {}", sim::component_name(term.component), term.what);
    lines += fmt::format("  {:<31}  {:>13}  {}\n", fit(name, 31), exact(term.value), term.source);
    lines += fmt::format("    = {}\n", formula(term, explanation.quantity));
  }
  const bool chain = explanation.quantity == sim::Quantity::kLatency;
  if (lines.empty()) {
    return fmt::format("{}: {}\n", fit(layer, 40), chain ? "not on the chain that ends last" : "0");
  }
  return fmt::format("{}: {} {}\n{}", fit(layer, 40), exact(sum),
                     sim::quantity_unit(explanation.quantity), lines);
}

}  // namespace

ExplainRequest parse_explain_request(const std::string& given) {
  const std::size_t colon = given.find(':');
  const std::string name = given.substr(0, colon);
  std::vector<std::string> names;
  if (colon != std::string::npos && colon + 1 == given.size()) {
    throw base::Error(fmt::format("--explain: no layer behind '{}'", given));
  }
  for (const sim::Quantity quantity : sim::kQuantities) {
    if (sim::quantity_name(quantity) == name) {
      return {quantity, colon == std::string::npos ? "" : given.substr(colon + 1)};
    }
    names.emplace_back(sim::quantity_name(quantity));
  }
  throw base::Error(fmt::format("--explain: unknown quantity '{}'{}; allowed are {}", name,
                                base::did_you_mean(name, names), fmt::join(names, ", ")));
}

sim::Explanation explain(const sim::Simulator& simulator, const nn::Network& network,
                         const hw::HardwareConfig& hardware, const ExplainRequest& request) {
  const auto explained = simulator.explain(network, hardware, request.quantity);
  if (!explained) throw base::Error(explained.reason());
  sim::Explanation explanation = *explained;
  if (!request.layer.empty()) keep_layer(request.layer, explanation);
  return explanation;
}

std::string to_text(const sim::Explanation& explanation) {
  const std::string name(sim::quantity_name(explanation.quantity));
  std::string text;
  for (const std::string& layer : explanation.layers) text += layer_lines(explanation, layer);
  text += fmt::format("{:<33}  {:>13}  {}\n", "total " + name, exact(explanation.total),
                      sim::quantity_unit(explanation.quantity));
  return text;
}

}  // namespace gibbon::app
