#include <fmt/format.h>

#include <memory>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/config/space_loader.hpp"
#include "gibbon/app/event_progress.hpp"
#include "gibbon/app/machine.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/run_inputs.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/app/version.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/explore/explorer.hpp"
#include "gibbon/explore/run_check.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/report/reports/json.hpp"
#include "gibbon/report/reports/text.hpp"
#include "gibbon/report/write_reports.hpp"
#include "gibbon/space/fingerprint.hpp"
#include "gibbon/store/run_folder.hpp"
#include "gibbon/store/run_record.hpp"

namespace gibbon::app {

namespace {

struct SearchArguments {
  std::string config;
  std::string out;
  std::string resume;
  std::string data;
  std::string space;
  std::string searcher;
  std::string explore;
  std::string device;
  std::string start;
  std::vector<std::string> constraints;
  bool tensorboard = false;
};

/// The run file asked for; else the shipped one that fits the space.
std::filesystem::path run_file(const SearchArguments& arguments) {
  if (!arguments.config.empty()) return locate(PresetKind::kRuns, arguments.config);
  const bool is_cimnet = !arguments.space.empty() &&
                         space_kind(locate(PresetKind::kSpaces, arguments.space)) == "cimnet";
  return locate(PresetKind::kRuns, is_cimnet ? "cimnet-vit-cifar" : "fashion-mnist");
}

/// The file's settings with those of the command line over them.
explore::RunConfig configure(const SearchArguments& arguments, const GlobalOptions& global) {
  namespace fs = std::filesystem;
  if (!arguments.resume.empty()) {
    explore::RunConfig config = load_run_config(fs::path(arguments.resume) / "config.yaml");
    config.out = fs::absolute(arguments.resume);
    if (global.seed && *global.seed != config.seed) {
      throw base::Error(fmt::format("--seed {}: the run in {} began with {}, and goes on with it",
                                    *global.seed, arguments.resume, config.seed));
    }
    if (global.threads) config.threads = *global.threads;
    return config;
  }
  explore::RunConfig config = load_run_config(run_file(arguments));
  if (!arguments.out.empty()) config.out = fs::absolute(arguments.out);
  if (!arguments.data.empty()) config.data.directory = fs::absolute(arguments.data);
  if (!arguments.space.empty()) config.space = locate(PresetKind::kSpaces, arguments.space);
  if (!arguments.searcher.empty()) config.search.searcher = arguments.searcher;
  if (!arguments.explore.empty()) config.explore = arguments.explore;
  if (!arguments.device.empty()) config.device = arguments.device;
  if (!arguments.start.empty()) config.supernet.start = fs::absolute(arguments.start);
  for (const std::string& constraint : arguments.constraints) {
    config.objective.constraints.push_back(constraint);
  }
  if (global.seed) config.seed = *global.seed;
  if (global.threads) config.threads = *global.threads;
  return config;
}

store::RunFacts facts_of(const explore::RunConfig& config, const space::SearchSpace& space) {
  const space::Objective objective = explore::make_objective(config.objective);
  store::RunFacts facts;
  facts.name = config.name;
  facts.version = kVersion;
  facts.seed = config.seed;
  facts.threads = config.threads;
  facts.machine = machine_text(config.threads);
  facts.dataset = config.data.dataset;
  facts.space = space.name();
  facts.space_log10_size = space.log10_size();
  facts.space_fingerprint = space::fingerprint(space);
  facts.searcher = config.search.searcher;
  facts.objective = objective.name;
  facts.metrics = objective.metrics;
  for (const space::Constraint& constraint : objective.constraints) {
    facts.constraints.push_back(space::to_text(constraint));
  }
  facts.genes = space.genes();
  return facts;
}

void print_result(const report::RunData& data, const store::RunFolder& folder, bool json) {
  if (json) {
    print_json(report::summary_json(data));
    return;
  }
  fmt::print("{}\n{}\n", report::pareto_table(data), folder.report().string());
}

struct BegunRun {
  store::RunFolder folder;
  std::unique_ptr<store::RunStore> store;
  RunInputs inputs;
};

/// Nothing is written before all that can be checked has been; the configuration comes last, when
/// the store is this process's and knows the run.
BegunRun begin(const explore::RunConfig& config) {
  RunInputs inputs = load_run_inputs(config);
  explore::check_run(config, *inputs.space, inputs.dataset.train);
  explore::check_start(config, *inputs.space);
  store::RunFolder folder(config.out, store::OpenMode::kCreate);
  auto store = folder.open_store();
  store->put({{"run", store::to_json(facts_of(config, *inputs.space))}});
  base::write_file_atomically(folder.config(), to_yaml(config));
  return {std::move(folder), std::move(store), std::move(inputs)};
}

BegunRun resume(const explore::RunConfig& config) {
  store::RunFolder folder(config.out, store::OpenMode::kResume);
  auto store = folder.open_store();
  RunInputs inputs = load_begun_run_inputs(config, *store);
  explore::check_run(config, *inputs.space, inputs.dataset.train);
  return {std::move(folder), std::move(store), std::move(inputs)};
}

int search(const SearchArguments& arguments, const GlobalOptions& global) {
  const bool resumes = !arguments.resume.empty();
  const explore::RunConfig config = configure(arguments, global);
  BegunRun run = resumes ? resume(config) : begin(config);
  const auto& [folder, store, inputs] = run;
  const explore::RunPaths paths{folder.checkpoints(), folder.models()};
  TerminalProgress terminal(global.quiet || global.json);
  EventProgress progress(terminal, arguments.tensorboard
                                       ? std::optional(folder.path() / "tensorboard")
                                       : std::nullopt);
  progress.note(fmt::format("{}: {} in {}", resumes ? "going on" : "run", config.name,
                            folder.path().string()));
  const auto outcome =
      explore::explore(config, *inputs.space, inputs.dataset, *store, paths, progress);

  const report::RunData data = report::read_run_data(*store);
  report::write_reports(data, folder);
  if (outcome == explore::Outcome::kStopped) {
    progress.note(
        fmt::format("stopped; go on with: gibbon search --resume {}", folder.path().string()));
    return kUserError;
  }
  print_result(data, folder, global.json);
  return kSuccess;
}

}  // namespace

Action add_search_command(CLI::App& command, const GlobalOptions& global) {
  auto arguments = std::make_shared<SearchArguments>();
  CLI::Option* resume =
      command.add_option("--resume", arguments->resume, "Go on with the run in this folder");
  const auto add = [&](const char* name, std::string& target, const char* help) {
    command.add_option(name, target, help)->excludes(resume);
  };
  add("--config", arguments->config,
      "Run file, or a shipped one by name; default: fashion-mnist, for a "
      "space of kind cimnet cimnet-vit-cifar");
  add("--out", arguments->out, "Folder for the run; must be new or empty");
  add("--data", arguments->data, "Folder of the images");
  add("--space", arguments->space, "Space file, or a shipped one by name");
  add("--searcher", arguments->searcher, "A name that 'gibbon list searchers' prints");
  add("--explore", arguments->explore, "Open genes: network, hardware or both");
  add("--device", arguments->device, "Where networks train: cpu, cuda, cuda:1");
  add("--start", arguments->start,
      "Trained network that the supernet starts from, .gibbon or .onnx");
  command
      .add_option("--constraint", arguments->constraints, "A bound, \"area_mm2 <= 20\"; repeatable")
      ->excludes(resume)
      ->allow_extra_args(false);
  command.add_flag("--tensorboard", arguments->tensorboard,
                   "Keep losses and the front over time in OUT/tensorboard");
  return [arguments, &global] { return search(*arguments, global); };
}

}  // namespace gibbon::app
