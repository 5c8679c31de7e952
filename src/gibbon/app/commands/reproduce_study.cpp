#include "gibbon/app/commands/reproduce_study.hpp"

#include <fmt/format.h>

#include <array>

#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/app/output.hpp"

namespace gibbon::app {

namespace {

/// Many designs, each seen by few images; fewer designs, each known well.
constexpr const char* kWideTable = "designs.csv";
constexpr const char* kPreciseTable = "precise-designs.csv";

struct StudyCommand {
  const char* name;
  const char* summary;
  const char* table;  ///< the shipped one that it takes
  StudyFigure make;
};

constexpr std::array<StudyCommand, 5> kCommands{{
    {"fig1", "Gibbon: accuracy and energy by network and by chip", kWideTable, reproduce_fig1},
    {"fig3", "Gibbon: entropy of each parameter while ESAPP searches", kWideTable, reproduce_fig3},
    {"fig4", "Gibbon: time and quality of the predictor", kPreciseTable, reproduce_fig4},
    {"fig5", "Gibbon: searchers with as many designs each", kWideTable, reproduce_fig5},
    {"insights", "Gibbon: section VI held against our numbers", kWideTable, reproduce_insights},
}};

const nn::Shape kCifarImages{3, 32, 32};
constexpr int kCifarClasses = 10;

}  // namespace

StudyInputs load_study(const StudyArguments& arguments, const char* shipped_table) {
  const auto shipped = preset_folder() / "studies" / "cifar10";
  const auto file =
      load_space_file(arguments.space.empty() ? shipped / "space.yaml"
                                              : locate(PresetKind::kSpaces, arguments.space));
  StudyInputs inputs;
  inputs.space = space::make_gibbon_space(spec_for_images(file, kCifarImages, kCifarClasses));
  inputs.simulator = sim::make_simulator(arguments.simulator);
  inputs.table = store::read_design_table(
      arguments.table.empty() ? shipped / shipped_table : std::filesystem::path(arguments.table));
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
    command->add_option("--space", arguments->space, "The space that the table was made in");
    command->add_option("--simulator", arguments->simulator, "Cost model; mnsim2");
    command->add_option("--out", arguments->out, "Folder for the files; reproduce");
    command->callback([arguments, chosen, entry, &global] {
      *chosen = [arguments, entry, &global] {
        const StudyInputs inputs = load_study(*arguments, entry.table);
        return finish_study(entry.make(inputs, global), arguments->out, global);
      };
    });
  }
}

}  // namespace gibbon::app
