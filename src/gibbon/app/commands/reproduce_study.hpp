#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "gibbon/app/command.hpp"
#include "gibbon/report/figure.hpp"
#include "gibbon/study/surrogate.hpp"

namespace gibbon::app {

/// What the experiments on the table of designs share: their options and inputs.
struct StudyArguments {
  std::string table;  ///< empty: the shipped one
  std::string space;  ///< empty: the space.yaml beside the table
  std::string out = "reproduce";
  std::string simulator = "mnsim2";
};

struct StudyInputs {
  std::unique_ptr<space::SearchSpace> space;
  std::unique_ptr<sim::Simulator> simulator;
  std::vector<store::TabulatedDesign> table;

  /// Fitted to the whole table: some seconds.
  study::Surrogate surrogate(const GlobalOptions& global) const;
};
/// `shipped_study`: the folder of presets/studies that is read where the arguments name no table.
/// Throws base::Error where no space is given and none lies beside the table.
StudyInputs load_study(const StudyArguments& arguments, const char* shipped_study);

/// Writes the figure's files into `folder` and tells where, or with --json prints its document.
int finish_study(const report::Figure& figure, const std::filesystem::path& folder,
                 const GlobalOptions& global);

/// "fig1", "fig3", "fig4", "fig5", "insights": each file makes one figure.
using StudyFigure = report::Figure (*)(const StudyInputs& inputs, const GlobalOptions& global);
report::Figure reproduce_fig1(const StudyInputs& inputs, const GlobalOptions& global);
report::Figure reproduce_fig3(const StudyInputs& inputs, const GlobalOptions& global);
report::Figure reproduce_fig4(const StudyInputs& inputs, const GlobalOptions& global);
report::Figure reproduce_fig5(const StudyInputs& inputs, const GlobalOptions& global);
report::Figure reproduce_insights(const StudyInputs& inputs, const GlobalOptions& global);

/// Adds the sub-commands to `reproduce`; the chosen one puts its work into `chosen`.
void add_study_commands(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
