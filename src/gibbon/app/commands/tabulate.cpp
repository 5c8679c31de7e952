#include <fmt/format.h>

#include <memory>
#include <optional>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/option_check.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/run_inputs.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/explore/tabulate.hpp"
#include "gibbon/store/run_folder.hpp"

namespace gibbon::app {

namespace {

struct TabulateArguments {
  std::string run;
  std::string out = "designs.csv";
  std::optional<int> fit_images;  ///< none: the run's
  explore::TabulateOptions options;
};

int tabulate(TabulateArguments arguments, const GlobalOptions& global) {
  const store::RunFolder folder(arguments.run, store::OpenMode::kReadOnly);
  explore::RunConfig config = load_run_config(folder.config());
  if (global.threads) config.threads = *global.threads;
  if (arguments.fit_images) config.simulation.fit_images = *arguments.fit_images;
  if (global.seed) arguments.options.seed = *global.seed;
  config.out = folder.path();
  const auto store = folder.open_store();
  const RunInputs inputs = load_begun_run_inputs(config, *store);
  TerminalProgress progress(global.quiet || global.json);
  const auto outcome =
      explore::tabulate(config, *inputs.space, inputs.dataset, *store, folder.checkpoints(),
                        arguments.options, arguments.out, progress);
  if (outcome == explore::Outcome::kStopped) {
    progress.note("stopped; the same command goes on");
    return kUserError;
  }
  if (global.json) {
    print_json({{"table", arguments.out}, {"designs", arguments.options.designs}});
  } else {
    fmt::print("{}\n", arguments.out);
  }
  return kSuccess;
}

}  // namespace

Action add_tabulate_command(CLI::App& command, const GlobalOptions& global) {
  auto arguments = std::make_shared<TabulateArguments>();
  explore::TabulateOptions& options = arguments->options;
  command.add_option("RUN_DIR", arguments->run, "Folder of a run with a trained supernet")
      ->required();
  command.add_option("--out", arguments->out, "CSV file; goes on where it ends; designs.csv");
  const auto add = [&](const char* name, int& target, const char* help) {
    command.add_option(name, target, help)->check(above_zero());
  };
  add("--designs", options.designs, "Random designs in the finished table; 2000");
  add("--images", options.one_shot_images, "Validation images without crossbars; 512");
  add("--crossbar-images", options.crossbar_images, "The first of them on crossbars; 64");
  add("--calibration-images", options.calibration_images, "For batch norm and ranges; 256");
  command
      .add_option("--fit-images", arguments->fit_images,
                  "Of the calibration images, those that fit a design to its crossbars; "
                  "simulation.fit_images of the run")
      ->check(not_below_zero());
  return [arguments, &global] { return tabulate(*arguments, global); };
}

}  // namespace gibbon::app
