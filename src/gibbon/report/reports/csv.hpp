#pragma once

#include <string>
#include <string_view>

#include "gibbon/report/run_data.hpp"
#include "gibbon/sim/simulation_result.hpp"

/// Comma-separated files after RFC 4180, but with lines ended by "\n". Every column names its unit,
/// accuracies are in percent, numbers are the shortest that read back exactly, and what is not
/// known (NaN) is empty.
namespace gibbon::report {

/// In quotes where the text holds a comma, a quote or a line break.
std::string csv_field(std::string_view text);

/// A line each evaluation, in the order of the run; "id" is its place in it, from 0.
std::string candidates_csv(const RunData& data);

/// A line each final design, the most accurate first; metrics are on the test images.
std::string pareto_csv(const RunData& data);

/// A line each layer and component. Tiles, processing elements, crossbars and utilisation belong to
/// the layer: they are the same in all of its lines and must not be added over them. Area that all
/// layers share stands in lines of type "chip" without a layer.
std::string layers_csv(const sim::SimulationResult& result);

}  // namespace gibbon::report
