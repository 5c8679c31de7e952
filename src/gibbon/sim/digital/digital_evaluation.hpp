#pragma once

#include <optional>
#include <vector>

#include "gibbon/base/result.hpp"
#include "gibbon/sim/digital/technology.hpp"
#include "gibbon/sim/digital/tiling.hpp"
#include "gibbon/sim/simulation_result.hpp"

namespace gibbon::sim {

/// One step on the chip.
struct DigitalStep {
  WorkloadStep work;
  Tiling tiling;  ///< of matrix products
  int pes = 0;    ///< at work
  double used_cells = 0;
  double time_ns = 0;
  ByResource busy_ns;
  double dram_bytes = 0;
  double shared_bytes = 0;
  ComponentValues energy_nj;

  Resource bound_by() const { return busy_ns.largest(); }
};

/// A network on a digital_cim chip, in the order in which it is worked out.
struct DigitalEvaluation {
  StationaryHome weights = StationaryHome::kDram;
  std::vector<DigitalStep> steps;  ///< one after another
  ChipAreas areas;

  double latency_ns() const;
};

/// Which of the steps' results lie in the shared memory, the others being in DRAM: in list order, a
/// result that fits beside those still needed stays. `memory_bytes` is what activations may take.
struct Placement {
  std::vector<bool> in_dram;  ///< by step: its result
  std::vector<double>
      spare_bytes;  ///< by step: left beside what lies there, without its own result
};
Placement place_activations(const std::vector<WorkloadStep>& steps, double memory_bytes);

/// Infeasible where a PE's buffer is too small for one position of a layer.
base::Result<DigitalEvaluation> evaluate_digital(const nn::Network& network,
                                                 const hw::DigitalCim& cim);

}  // namespace gibbon::sim
