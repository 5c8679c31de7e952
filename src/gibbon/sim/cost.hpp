#pragma once

namespace gibbon::sim {

/// The headline figures of one inference, in the units of the papers.
struct Cost {
  double latency_ms = 0;
  double energy_mj = 0;
  double area_mm2 = 0;
  double power_w = 0;

  /// Energy-delay product, ms x mJ.
  double edp_ms_mj() const { return latency_ms * energy_mj; }
};

}  // namespace gibbon::sim
