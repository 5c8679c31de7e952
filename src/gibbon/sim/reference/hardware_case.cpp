#include "gibbon/sim/reference/hardware_case.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"
#include "gibbon/hw/importers/mnsim_ini.hpp"
#include "gibbon/nn/importers/mnsim_case.hpp"
#include "gibbon/sim/reference/case_comparison.hpp"

namespace gibbon::sim {
namespace {

using base::Json;

InputBitRule rule_of(const Json& mode) {
  if (mode == "own") return InputBitRule::kOwn;
  if (mode == "propagated") return InputBitRule::kPropagated;
  throw base::Error(fmt::format("input_bit_mode is {}, allowed are own, propagated", mode.dump()));
}

/// Runs the three schedules and compares everything; what does not depend on the schedule once.
void compare_case(const Json& json, CaseComparison& out, CaseReport& report) {
  const nn::Network network = nn::network_from_mnsim_case(json.at("network"));
  const hw::HardwareConfig hardware = hw::hardware_from_mnsim_sections(json.at("hardware"));
  const Json& expected = json.at("expected");
  struct Run {
    const char* name;
    ScheduleMode mode;
  };
  constexpr Run kRuns[] = {{"pipe_mode1", ScheduleMode::kPipelined},
                           {"pipe_mode0", ScheduleMode::kPipelinedRowFills},
                           {"nopipe", ScheduleMode::kLayerByLayer}};
  MnsimOptions options;
  options.input_bits = rule_of(json.at("input_bit_mode"));
  options.count_adder_energy = true;
  MnsimEvaluation ours;
  for (const Run& run : kRuns) {
    options.schedule = run.mode;
    if (auto reason = evaluate_mnsim(network, hardware, options, true, ours)) {
      report.failure = "infeasible: " + reason->reason;
      return;
    }
    compare_schedule(ours, run.name, expected.at("latency").at(run.name), out);
    if (run.mode == ScheduleMode::kLayerByLayer) {
      out.at("latency nopipe");
      out.check("energy_total_nJ", total_energy_nj(ours),
                expected.at("latency").at("nopipe").at("energy_total_nJ"));
      out.check("summary", printed_latency_ns(ours.graph, ours.timeline),
                expected.at("summary").at("latency_nopipe_ns"));
    }
    if (run.mode != ScheduleMode::kPipelined) continue;
    compare_structure(ours, expected.at("structure"), out);
    compare_mapping(ours, hardware, expected.at("mapping"), out);
    compare_figures(ours, hardware, expected, out);
    out.at("summary");
    out.check("tiles", ours.mapping.used_tiles, expected.at("summary").at("tiles"));
    out.check("latency_ns", printed_latency_ns(ours.graph, ours.timeline),
              expected.at("summary").at("latency_ns"));
  }
}

}  // namespace

CaseReport verify_hardware_case(const std::filesystem::path& path) {
  CaseReport report;
  report.name = path.stem().string();
  const std::string text = base::read_file(path);
  try {
    const Json json = Json::parse(text);
    if (json.value("kind", "") != "hardware") {
      throw base::Error("'kind' is not \"hardware\": no reference case of hardware figures");
    }
    report.name = json.value("name", report.name);
    CaseComparison comparison(report);
    compare_case(json, comparison, report);
  } catch (const Json::exception& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  }
  if (report.failure.empty() && report.worst_relative_error > kReferenceTolerance) {
    report.failure = fmt::format("{} is off by {:.3g}, allowed is {:.3g}", report.worst_quantity,
                                 report.worst_relative_error, kReferenceTolerance);
  }
  report.passed = report.failure.empty();
  return report;
}

}  // namespace gibbon::sim
