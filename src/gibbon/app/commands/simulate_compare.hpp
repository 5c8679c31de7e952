#pragma once

#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/sim/simulation_result.hpp"

/// `gibbon simulate --compare-models`: two cost models side by side.
namespace gibbon::app {

/// What a model of this name gave.
struct ModelResult {
  std::string model;
  sim::SimulationResult result;
};

/// The two models to compare: the one asked for (mnsim2 where none is) and the other one.
std::vector<std::string> models_to_compare(const std::string& first);

/// One figure by both models.
struct ComparedFigure {
  std::string name;
  std::string unit;
  double first = 0;
  double second = 0;

  /// (second - first) / first, percent; infinite where only the first is 0.
  double change_percent() const;
  bool differs() const { return first != second; }
  /// By more than 5 % of the first.
  bool differs_much() const;
};

struct ModelComparison {
  std::string first, second;           ///< the models' names
  std::vector<ComparedFigure> totals;  ///< all
  std::vector<ComparedFigure> parts;   ///< by component, those that differ
  std::vector<ComparedFigure> layers;  ///< by layer, those that differ
};
ModelComparison compare_models(const ModelResult& first, const ModelResult& second);

/// Lines of at most 80 columns; "*" marks what differs much.
std::string to_text(const ModelComparison& comparison);
base::Json to_json(const ModelComparison& comparison);

}  // namespace gibbon::app
