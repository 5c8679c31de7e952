#include "gibbon/app/commands/reproduce_study.hpp"

#include <fmt/format.h>

#include <array>

#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {

namespace fs = std::filesystem;

namespace {

/// Folders of presets/studies, each with a space and the designs that were simulated in it: many,
/// each seen by few images; fewer, each known well.
constexpr const char* kSearchers = "cifar10";
constexpr const char* kPredictor = "predictor";

struct StudyCommand {
  const char* name;
  const char* summary;
  const char* study;  ///< whose designs it takes where no table is given
  StudyFigure make;
};

constexpr std::array<StudyCommand, 5> kCommands{{
    {"fig1", "Gibbon: accuracy and energy by network and by chip", kSearchers, reproduce_fig1},
    {"fig3", "Gibbon: entropy of each parameter while ESAPP searches", kSearchers, reproduce_fig3},
    {"fig4", "Gibbon: time and quality of the predictor", kPredictor, reproduce_fig4},
    {"fig5", "Gibbon: searchers with as many designs each", kSearchers, reproduce_fig5},
    {"insights", "Gibbon: section VI held against our numbers", kSearchers, reproduce_insights},
}};

const nn::Shape kCifarImages{3, 32, 32};
constexpr int kCifarClasses = 10;

/// The space.yaml beside a table is the one that it was made in.
fs::path space_of(const fs::path& table, const StudyArguments& arguments) {
  if (!arguments.space.empty()) return locate(PresetKind::kSpaces, arguments.space);
  const fs::path beside = table.parent_path() / "space.yaml";
  if (fs::is_regular_file(beside)) return beside;
  throw base::Error(fmt::format(
      "table {}: no space.yaml beside it; name the space that it was made in with --space",
      table.string()));
}

}  // namespace

StudyInputs load_study(const StudyArguments& arguments, const char* shipped_study) {
  const fs::path table = arguments.table.empty()
                             ? preset_folder() / "studies" / shipped_study / "designs.csv"
                             : fs::path(arguments.table);
  StudyInputs inputs;
  inputs.table = store::read_design_table(table);
  const auto file = load_space_file(space_of(table, arguments));
  inputs.space = space::make_gibbon_space(spec_for_images(file, kCifarImages, kCifarClasses));
  inputs.simulator = sim::make_simulator(arguments.simulator);
  return inputs;
}

study::Surrogate StudyInputs::surrogate(const GlobalOptions& global) const {
  return {*space, *simulator, table, {.seed = 1, .threads = global.thread_count()}};
}

int finish_study(const report::Figure& figure, const std::filesystem::path& folder,
                 const GlobalOptions& global) {
  const auto page = report::write_figure(figure, folder);
  if (global.json) {
    print_json(report::figure_json(figure));
    return kSuccess;
  }
  if (global.quiet) return kSuccess;
  for (const std::string& paragraph : figure.text) {
    for (const std::string& line : wrapped(paragraph, kTerminalColumns)) fmt::print("{}\n", line);
  }
  fmt::print("open {}\n", page.string());
  return kSuccess;
}

void add_study_commands(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<StudyArguments>();
  for (const StudyCommand& entry : kCommands) {
    CLI::App* command = reproduce.add_subcommand(entry.name, entry.summary)->fallthrough();
    command->add_option("--table", arguments->table, "Table of designs; default: the shipped one");
    command->add_option("--space", arguments->space,
                        "The space that the table was made in; default: space.yaml beside it");
    command->add_option("--simulator", arguments->simulator, "Cost model; mnsim2");
    command->add_option("--out", arguments->out, "Folder for the files; reproduce");
    command->callback([arguments, chosen, entry, &global] {
      *chosen = [arguments, entry, &global] {
        const StudyInputs inputs = load_study(*arguments, entry.study);
        return finish_study(entry.make(inputs, global), arguments->out, global);
      };
    });
  }
}

}  // namespace gibbon::app
