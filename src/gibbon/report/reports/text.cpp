#include "gibbon/report/reports/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gibbon::report {
namespace {

using space::Metric;

/// Shortened so that a column keeps its width.
std::string fit(std::string_view text, std::size_t width) {
  if (text.size() <= width) return std::string(text);
  return std::string(text.substr(0, width - 2)) + "..";
}

/// The same for names such as "/blocks/1/attn/MatMul", which differ at their ends.
std::string fit_path(std::string_view name, std::size_t width) {
  if (name.size() <= width || name.find('/') == std::string_view::npos) return fit(name, width);
  return ".." + std::string(name.substr(name.size() - (width - 2)));
}

/// Four significant digits with the zeros that keep columns even.
std::string figure(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size < 1e-3 || size >= 1e7) return fmt::format("{:.2e}", value);
  const int magnitude = static_cast<int>(std::floor(std::log10(size)));
  return fmt::format("{:.{}f}", value, std::max(0, 3 - magnitude));
}

double share(double part, double whole) {
  return whole > 0 ? 100 * part / whole : 0;
}

struct ComponentTotals {
  sim::ComponentValues area_um2;
  sim::ComponentValues power_w;
  sim::ComponentValues energy_nj;
};

ComponentTotals totals_of(const sim::SimulationResult& result) {
  ComponentTotals totals;
  totals.area_um2 = result.shared_area_um2;
  for (const sim::LayerResult& layer : result.layers) {
    for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
      totals.area_um2.values[i] += layer.area_um2.values[i];
      totals.power_w.values[i] += layer.power_w.values[i];
      totals.energy_nj.values[i] += layer.energy_nj.values[i];
    }
  }
  return totals;
}

std::string component_lines(const sim::SimulationResult& result) {
  const ComponentTotals totals = totals_of(result);
  const double area = totals.area_um2.sum();
  const double energy = totals.energy_nj.sum();
  std::string out = fmt::format("{:<18}{:>14}{:>8}{:>12}{:>14}{:>8}\n", "Component", "Area mm2",
                                "%", "Power W", "Energy uJ", "%");
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    const double own_area = totals.area_um2.values[i];
    const double own_energy = totals.energy_nj.values[i];
    if (own_area == 0 && own_energy == 0) continue;
    out += fmt::format("{:<18}{:>14}{:>8.1f}{:>12}{:>14}{:>8.1f}\n",
                       sim::component_name(static_cast<sim::Component>(i)), figure(own_area * 1e-6),
                       share(own_area, area), figure(totals.power_w.values[i]),
                       figure(own_energy * 1e-3), share(own_energy, energy));
  }
  return out;
}

/// Of a model that says what each layer waits for: its layers follow one another.
std::string bound_lines(const sim::SimulationResult& result) {
  std::string out = fmt::format("{:<18}{:<11}{:>5}{:>8}{:>10}{:>12}  {}\n", "Layer", "Type", "PEs",
                                "Used %", "Time us", "Energy uJ", "Bound by");
  for (const sim::LayerResult& layer : result.layers) {
    out += fmt::format("{:<18}{:<11}{:>5}{:>8.1f}{:>10}{:>12}  {}\n", fit_path(layer.name, 17),
                       fit(layer.type, 10), layer.processing_elements, 100 * layer.utilization,
                       figure((layer.finish_ns - layer.begin_ns) * 1e-3),
                       figure(layer.energy_nj.sum() * 1e-3), layer.bound_by);
  }
  return out;
}

std::string tiled_lines(const sim::SimulationResult& result) {
  std::string out = fmt::format("{:<18}{:<11}{:>6}{:>6}{:>7}{:>11}{:>10}{:>11}\n", "Layer", "Type",
                                "Tiles", "PEs", "Used %", "Finish us", "Area mm2", "Energy uJ");
  for (const sim::LayerResult& layer : result.layers) {
    out +=
        fmt::format("{:<18}{:<11}{:>6}{:>6}{:>7.1f}{:>11}{:>10}{:>11}\n", fit_path(layer.name, 17),
                    fit(layer.type, 10), layer.tiles, layer.processing_elements,
                    100 * layer.utilization, figure(layer.finish_ns * 1e-3),
                    figure(layer.area_um2.sum() * 1e-6), figure(layer.energy_nj.sum() * 1e-3));
  }
  return out;
}

bool names_bounds(const sim::SimulationResult& result) {
  return !result.layers.empty() && !result.layers.front().bound_by.empty();
}

}  // namespace

std::string pareto_table(const RunData& data) {
  if (data.finals.empty()) return "No final designs yet.\n";
  std::string out =
      fmt::format("{:<12}{:>8}{:>12}{:>11}{:>11}{:>10}{:>9}{:>7}\n", "Design", "Top-1 %",
                  "Latency ms", "Energy mJ", "EDP ms*mJ", "Area mm2", "Power W", "Front");
  for (const std::size_t i : finals_by_accuracy(data)) {
    const store::FinalRecord& record = data.finals[i];
    const space::Metrics& metrics = record.metrics;
    out += fmt::format("{:<12}{:>8.2f}{:>12}{:>11}{:>11}{:>10}{:>9}{:>7}\n", fit(record.id, 12),
                       metrics[Metric::kAccuracy], figure(metrics[Metric::kLatency]),
                       figure(metrics[Metric::kEnergy]), figure(metrics[Metric::kEdp]),
                       figure(metrics[Metric::kArea]), figure(metrics[Metric::kPower]),
                       record.on_front ? "yes" : "no");
  }
  return out;
}

std::string layer_table(const sim::SimulationResult& result) {
  std::string out = names_bounds(result) ? bound_lines(result) : tiled_lines(result);
  out += '\n' + component_lines(result) + '\n';
  out += fmt::format("Latency {} ms, energy {} mJ, area {} mm2, power {} W\n",
                     figure(result.latency_ns * 1e-6), figure(result.energy_nj() * 1e-6),
                     figure(result.area_um2() * 1e-6), figure(result.power_w()));
  // One operation a picojoule is one tera-operation a joule.
  if (result.energy_nj() > 0) {
    out += fmt::format("{} GOP an inference (1 MAC = 2 operations), {} TOPS/W\n",
                       figure(result.operations * 1e-9),
                       figure(result.operations / result.energy_nj() * 1e-3));
  }
  return out;
}

}  // namespace gibbon::report
