#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/sim/reference/accuracy_case.hpp"
#include "gibbon/sim/reference/hardware_case.hpp"

namespace gibbon::app {

namespace fs = std::filesystem;

namespace {

/// What became of one case, in a form that both kinds share.
struct CaseResult {
  std::string kind;
  std::string name;
  bool passed = false;
  double worst = 0;  ///< largest relative error
  std::string failure;
};

/// Largest relative error and number of comparisons of one quantity over all cases.
struct QuantityErrors {
  long values = 0;  ///< compared; of a hardware quantity, the cases that have it
  double worst = 0;
};

struct Verification {
  std::vector<CaseResult> cases;
  std::map<std::string, QuantityErrors> quantities;

  void add(const std::string& quantity, double error, long compared = 1) {
    QuantityErrors& errors = quantities[quantity];
    errors.values += compared;
    errors.worst = std::max(errors.worst, error);
  }
  long passed() const {
    return std::count_if(cases.begin(), cases.end(), [](const auto& c) { return c.passed; });
  }
  long failed() const { return static_cast<long>(cases.size()) - passed(); }
};

void print_case(const CaseResult& result) {
  std::string name = result.name;
  if (name.size() > 45) name = name.substr(0, 44) + "~";
  fmt::print("{:<6}  {:<8}  {:<45}  {:>9.2e}\n", result.passed ? "passed" : "FAILED", result.kind,
             name, result.worst);
  if (result.passed) return;
  for (const std::string& line : wrapped(result.failure, kTerminalColumns - 8)) {
    fmt::print("        {}\n", line);
  }
}

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// A case that cannot be run is a failed one, so that the others are still looked at.
CaseResult hardware_result(const fs::path& path, Verification& verification) {
  CaseResult result{"hardware", path.stem().string(), false, 0, ""};
  try {
    const sim::CaseReport report = sim::verify_hardware_case(path);
    result = {"hardware", report.name, report.passed, report.worst_relative_error, report.failure};
    for (const auto& [quantity, error] : report.error_by_quantity) {
      verification.add(quantity, error);
    }
  } catch (const base::Error& error) {
    result.failure = error.what();
  }
  return result;
}

void verify_hardware(const fs::path& folder, Verification& verification, bool print) {
  if (!fs::is_directory(folder)) return;
  for (const fs::path& path : json_files(folder)) {
    verification.cases.push_back(hardware_result(path, verification));
    if (print) print_case(verification.cases.back());
  }
}

void verify_accuracy(const fs::path& folder, Verification& verification, bool print) {
  if (!fs::is_directory(folder)) return;
  for (const fs::path& path : sim::accuracy_cases(folder)) {
    const sim::AccuracyCaseReport report = sim::verify_accuracy_case(path);
    for (const sim::LayerComparison& layer : report.layers) {
      verification.add("accuracy " + layer.mode + (layer.layer < 0 ? " logits" : " layer outputs"),
                       layer.worst_relative_error, layer.elements);
    }
    verification.cases.push_back(
        {"accuracy", report.name, report.passed, report.worst_relative_error, report.failure});
    if (print) print_case(verification.cases.back());
  }
}

void print_quantities(const Verification& verification) {
  Table table{{"quantity", "values", "largest relative error"}, {}};
  for (const auto& [name, errors] : verification.quantities) {
    table.rows.push_back(
        {name, fmt::format("{}", errors.values), fmt::format("{:.2e}", errors.worst)});
  }
  fmt::print("\n{}\n", to_text(table));
}

base::Json to_json(const Verification& verification) {
  base::Json cases = base::Json::array();
  for (const CaseResult& result : verification.cases) {
    cases.push_back({{"kind", result.kind},
                     {"name", result.name},
                     {"passed", result.passed},
                     {"largest_relative_error", result.worst},
                     {"failure", result.failure}});
  }
  base::Json quantities = base::Json::object();
  for (const auto& [name, errors] : verification.quantities) {
    quantities[name] = {{"values", errors.values}, {"largest_relative_error", errors.worst}};
  }
  return {{"cases", cases},
          {"quantities", quantities},
          {"passed", verification.passed()},
          {"failed", verification.failed()}};
}

int verify(const fs::path& folder, const GlobalOptions& global) {
  if (!fs::is_directory(folder)) {
    throw base::Error(fmt::format("{} is not a folder", folder.string()));
  }
  Verification verification;
  const bool print = !global.json && !global.quiet;
  verify_hardware(folder / "hardware", verification, print);
  verify_accuracy(folder / "accuracy", verification, print);
  if (verification.cases.empty()) {
    throw base::Error(
        fmt::format("{} holds no hardware/*.json or accuracy/*.json", folder.string()));
  }
  if (global.json) {
    print_json(to_json(verification));
  } else {
    if (print) print_quantities(verification);
    fmt::print("{} passed, {} failed\n", verification.passed(), verification.failed());
  }
  return verification.failed() == 0 ? kSuccess : kUserError;
}

}  // namespace

Action add_verify_command(CLI::App& command, const GlobalOptions& global) {
  auto folder = std::make_shared<std::string>();
  command.add_option("DIR", *folder, "Folder with hardware/*.json and accuracy/*.json")->required();
  return [folder, &global] { return verify(*folder, global); };
}

}  // namespace gibbon::app
