#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gibbon/base/json.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/cost.hpp"
#include "gibbon/sim/reference/hardware_case.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"

/// The parts of a reference case of hardware figures, each held against ours (hardware_case.hpp).
namespace gibbon::sim {

/// Collects the comparisons of one case under the kind and the place of each.
class CaseComparison {
 public:
  explicit CaseComparison(CaseReport& report) : report_(report) {}

  /// What the next checks belong to: "energy", "layer 3".
  void at(std::string part, std::string place = "");
  /// By relative error; absolute where 0 is expected. Throws nlohmann::json::exception where
  /// `expected` is no number.
  void check(std::string_view key, double ours, const base::Json& expected);
  void check_equal(std::string_view key, const base::Json& ours, const base::Json& expected);

 private:
  void note(std::string_view key, double error);

  CaseReport& report_;
  std::string part_;
  std::string place_;
};

/// MNSIM's name of a component in a case.
struct CaseKey {
  const char* name;
  Component component;
};

inline constexpr CaseKey kDigitalKeys[] = {{"adder", Component::kAdder},
                                           {"shiftreg", Component::kShiftRegister},
                                           {"iReg", Component::kInputRegister},
                                           {"oReg", Component::kOutputRegister},
                                           {"input_demux", Component::kDemux},
                                           {"output_mux", Component::kMux},
                                           {"jointmodule", Component::kJointModule}};
inline constexpr CaseKey kOtherKeys[] = {{"xbar", Component::kCrossbar},
                                         {"ADC", Component::kAdc},
                                         {"DAC", Component::kDac},
                                         {"pooling", Component::kPooling}};

/// "layer 3".
std::string layer_place(std::size_t index);

void compare_structure(const MnsimEvaluation& ours, const base::Json& expected,
                       CaseComparison& out);
void compare_mapping(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                     const base::Json& expected, CaseComparison& out);
/// Times of one of the three schedules: "pipe_mode1", "pipe_mode0", "nopipe".
void compare_schedule(const MnsimEvaluation& ours, const std::string& schedule,
                      const base::Json& expected, CaseComparison& out);
/// Area, power and energy by layer, module and in total.
void compare_figures(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                     const base::Json& expected, CaseComparison& out);
/// The energy of all layers as the reference adds it up.
double total_energy_nj(const MnsimEvaluation& ours);

}  // namespace gibbon::sim
