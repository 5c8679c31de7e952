#include "gibbon/app/commands/simulate_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbon/app/output.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {
namespace {

constexpr double kMuchPercent = 5;

void add_if_different(ComparedFigure figure, std::vector<ComparedFigure>& list) {
  if (figure.differs()) list.push_back(std::move(figure));
}

using Part = sim::ComponentValues sim::LayerResult::*;

double component_sum(const sim::SimulationResult& result, Part part, std::size_t component) {
  double sum = 0;
  for (const sim::LayerResult& layer : result.layers) sum += (layer.*part).values[component];
  return sum;
}

std::vector<ComparedFigure> compare_totals(const sim::SimulationResult& a,
                                           const sim::SimulationResult& b) {
  const sim::Cost first = sim::summarize(a);
  const sim::Cost second = sim::summarize(b);
  return {{"latency", "ms", first.latency_ms, second.latency_ms},
          {"energy", "mJ", first.energy_mj, second.energy_mj},
          {"EDP", "ms mJ", first.edp_ms_mj(), second.edp_ms_mj()},
          {"area", "mm2", first.area_mm2, second.area_mm2},
          {"power", "W", first.power_w, second.power_w}};
}

std::vector<ComparedFigure> compare_parts(const sim::SimulationResult& a,
                                          const sim::SimulationResult& b) {
  std::vector<ComparedFigure> list;
  const auto add = [&](std::size_t component, const char* name, const char* unit, Part part,
                       double scale) {
    const auto label = sim::component_name(static_cast<sim::Component>(component));
    add_if_different(
        {fmt::format("{} {}", label, name), unit, component_sum(a, part, component) * scale,
         component_sum(b, part, component) * scale},
        list);
  };
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    add(i, "energy", "uJ", &sim::LayerResult::energy_nj, 1e-3);
    add(i, "area", "mm2", &sim::LayerResult::area_um2, 1e-6);
    add(i, "power", "W", &sim::LayerResult::power_w, 1);
  }
  return list;
}

/// Both models have the network's layers in the same order.
std::vector<ComparedFigure> compare_layers(const sim::SimulationResult& a,
                                           const sim::SimulationResult& b) {
  std::vector<ComparedFigure> list;
  for (std::size_t i = 0; i < std::min(a.layers.size(), b.layers.size()); ++i) {
    const sim::LayerResult& x = a.layers[i];
    const sim::LayerResult& y = b.layers[i];
    const auto add = [&](const char* name, const char* unit, double first, double second) {
      add_if_different({fmt::format("{} {}", x.name, name), unit, first, second}, list);
    };
    add("PEs", "", x.processing_elements, y.processing_elements);
    add("finish", "us", x.finish_ns * 1e-3, y.finish_ns * 1e-3);
    add("energy", "uJ", x.energy_nj.sum() * 1e-3, y.energy_nj.sum() * 1e-3);
    add("area", "mm2", x.area_um2.sum() * 1e-6, y.area_um2.sum() * 1e-6);
    add("power", "W", x.power_w.sum(), y.power_w.sum());
  }
  return list;
}

std::string change_text(const ComparedFigure& figure) {
  if (!figure.differs()) return "same";
  const double change = figure.change_percent();
  if (!std::isfinite(change)) return "new *";
  const std::string mark = figure.differs_much() ? " *" : "  ";
  return std::abs(change) < 1000 ? fmt::format("{:+.1f} %{}", change, mark)
                                 : fmt::format("x {:.3g}{}", change / 100 + 1, mark);
}

std::string section(const std::string& title, const ModelComparison& comparison,
                    const std::vector<ComparedFigure>& figures) {
  if (figures.empty()) return "";
  Table table{{title, "unit", comparison.first, comparison.second, "change"}, {}};
  for (const ComparedFigure& figure : figures) {
    table.rows.push_back({figure.name, figure.unit, short_number(figure.first),
                          short_number(figure.second), change_text(figure)});
  }
  return fmt::format("\n{}", to_text(table));
}

base::Json to_json(const std::vector<ComparedFigure>& figures) {
  base::Json list = base::Json::array();
  for (const ComparedFigure& figure : figures) {
    base::Json json = {{"name", figure.name},
                       {"unit", figure.unit},
                       {"first", figure.first},
                       {"second", figure.second},
                       {"differs_much", figure.differs_much()}};
    const double change = figure.change_percent();
    if (std::isfinite(change)) json["change_percent"] = change;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::vector<std::string> models_to_compare(const std::string& first) {
  std::vector<std::string> names = {first};
  for (const sim::SimulatorEntry& entry : sim::simulator_registry()) {
    if (entry.name != first && names.size() < 2) names.emplace_back(entry.name);
  }
  return names;
}

double ComparedFigure::change_percent() const {
  if (first == second) return 0;
  return first == 0 ? std::numeric_limits<double>::infinity() : 100 * (second - first) / first;
}

bool ComparedFigure::differs_much() const {
  return std::abs(change_percent()) > kMuchPercent;
}

ModelComparison compare_models(const ModelResult& first, const ModelResult& second) {
  return {first.model, second.model, compare_totals(first.result, second.result),
          compare_parts(first.result, second.result), compare_layers(first.result, second.result)};
}

std::string to_text(const ModelComparison& comparison) {
  return section("Total", comparison, comparison.totals).substr(1) +
         section("Component", comparison, comparison.parts) +
         section("Layer", comparison, comparison.layers) +
         fmt::format("\n* differs by more than {:.0f} %\n", kMuchPercent);
}

base::Json to_json(const ModelComparison& comparison) {
  return {{"models", {comparison.first, comparison.second}},
          {"totals", to_json(comparison.totals)},
          {"components", to_json(comparison.parts)},
          {"layers", to_json(comparison.layers)}};
}

}  // namespace gibbon::app
