#pragma once

#include "gibbon/base/json.hpp"
#include "gibbon/sim/simulation_result.hpp"

namespace gibbon::store {

/// A simulation as a document that comes back exactly: a layer's figures by component name, zeros
/// left out. (sim::to_json is the wide form for people and scripts, totals included.)
base::Json simulation_to_json(const sim::SimulationResult& result);
/// Throws base::Error for an unknown component; nlohmann's exceptions pass for missing keys.
sim::SimulationResult simulation_from_json(const base::Json& json);

}  // namespace gibbon::store
