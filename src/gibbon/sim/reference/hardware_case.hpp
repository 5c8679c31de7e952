#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace gibbon::sim {

/// How far our figures are from those of a reference case.
struct CaseReport {
  std::string name;
  bool passed = false;
  double worst_relative_error = 0;
  std::string worst_quantity;                       ///< "energy.layer 3.adc"
  std::map<std::string, double> error_by_quantity;  ///< worst error by kind: "energy.adc"
  std::string failure;                              ///< why it did not pass; empty where it did
};

/// The largest relative error that passes; whole numbers must agree exactly.
inline constexpr double kReferenceTolerance = 1e-9;

/// Runs the "mnsim2" model on the network and hardware of a reference case of MNSIM 2.0 (JSON, kind
/// "hardware") and compares every expected figure: structure, mapping, tile positions and
/// distances, the three schedules' times, area, power and energy by layer and module, and the
/// totals. Throws base::Error where the file cannot be read or is no such case.
CaseReport verify_hardware_case(const std::filesystem::path& json);

}  // namespace gibbon::sim
