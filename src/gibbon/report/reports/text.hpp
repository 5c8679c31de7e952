#pragma once

#include <string>

#include "gibbon/report/run_data.hpp"
#include "gibbon/sim/simulation_result.hpp"

/// Tables for a terminal of 80 columns, plain ASCII, ended by a line break.
namespace gibbon::report {

/// The final designs, the most accurate (test images) first.
std::string pareto_table(const RunData& data);

/// One design: a line each layer, then its parts added over the layers, then the totals.
std::string layer_table(const sim::SimulationResult& result);

}  // namespace gibbon::report
