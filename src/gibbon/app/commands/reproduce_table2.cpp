#include "gibbon/app/commands/reproduce_table2.hpp"

#include <fmt/format.h>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/search_run.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/report/figure.hpp"
#include "gibbon/report/reports/text.hpp"
#include "gibbon/study/table2.hpp"

namespace gibbon::app {

namespace {

constexpr const char* kPreset = "cifar10-hour";

struct Table2Arguments {
  std::string data;
  std::string run;
  std::string out = "reproduce";
};

/// Runs the preset's search into OUT/table2-run, which it goes on with where it was stopped.
std::filesystem::path run_search(const Table2Arguments& arguments, const GlobalOptions& global) {
  if (arguments.data.empty()) {
    throw base::Error(
        "reproduce table2 needs --data DIR, the folder of CIFAR-10's binary files, or --run FOLDER "
        "of a finished run");
  }
  std::filesystem::path folder = std::filesystem::path(arguments.out) / "table2-run";
  std::vector<std::string> words{"--config", kPreset, "--data", arguments.data};
  if (global.seed) words.insert(words.end(), {"--seed", fmt::format("{}", *global.seed)});
  search_into(folder, std::move(words), global);
  return folder;
}

std::vector<study::DesignFigures> figures_of(const report::RunData& run) {
  std::vector<study::DesignFigures> figures;
  for (const store::FinalRecord& design : run.finals) {
    figures.push_back({design.id, design.metrics[space::Metric::kAccuracy],
                       design.metrics[space::Metric::kEdp], design.metrics[space::Metric::kArea]});
  }
  return figures;
}

double minutes_of(const report::RunData& run) {
  double seconds = 0;
  for (const store::StageTiming& stage : run.timings) seconds += stage.seconds;
  return seconds / 60;
}

std::string verdict(const study::Table2Match& match) {
  if (match.dominates()) return "all three";
  std::string better;
  for (const auto& [is_better, what] :
       {std::pair{match.accuracy_better, "accuracy"}, std::pair{match.edp_better, "EDP"},
        std::pair{match.area_better, "area"}}) {
    if (is_better) better += better.empty() ? what : fmt::format(", {}", what);
  }
  return better.empty() ? "none" : better;
}

report::Figure figure_of(const report::RunData& run,
                         const std::vector<study::Table2Match>& matches) {
  report::FigureTable rows{
      "rows",
      "Table II beside one run of ours",
      {"row", "paper_accuracy", "paper_edp_ms_mj", "paper_area_mm2", "our_design", "our_accuracy",
       "our_edp_ms_mj", "our_area_mm2", "better_on"},
      {}};
  report::Series papers{"Table II", {}};
  report::Series ours{"this run", {}};
  for (const study::Table2Match& match : matches) {
    rows.rows.push_back({match.row.name, match.row.accuracy, match.row.edp, match.row.area,
                         match.ours.name, match.ours.accuracy, match.ours.edp, match.ours.area,
                         verdict(match)});
    papers.points.push_back({match.row.edp, match.row.accuracy});
  }
  for (const study::DesignFigures& design : figures_of(run)) {
    ours.points.push_back({design.edp, design.accuracy});
  }
  report::Chart chart{.title = "Accuracy over energy-delay product",
                      .kind = report::Chart::Kind::kScatter,
                      .x = {"EDP (ms x mJ)", true},
                      .y = {"accuracy on crossbars (%)", false},
                      .series = {papers, ours}};
  return {
      "table2",
      "Table II of the Gibbon paper beside one run",
      {fmt::format("Run '{}', seed {}, {:.0f} minutes on {}; accuracies on test images of {} on "
                   "simulated crossbars (cost and accuracy model mnsim2).",
                   run.facts.name, run.facts.seed, minutes_of(run), run.facts.machine,
                   run.facts.dataset),
       "The paper does not say which of MNSIM's converters its 4, 6, 8 and 10 bits are; ours "
       "are MNSIM's choices 7, 4, 2 and 1. Where the images were encoded as JPEG on their way, "
       "as in some distributions of CIFAR-10, the accuracies are of those images."},
      {chart},
      {rows}};
}

void print_matches(const std::vector<study::Table2Match>& matches) {
  Table table{{"Table II", "Top-1 %", "EDP", "Area", "ours", "Top-1 %", "EDP", "Area", "better on"},
              {}};
  for (const study::Table2Match& match : matches) {
    table.rows.push_back({match.row.name, fmt::format("{:.1f}", match.row.accuracy),
                          fmt::format("{:.2f}", match.row.edp),
                          fmt::format("{:.2f}", match.row.area), match.ours.name,
                          fmt::format("{:.2f}", match.ours.accuracy),
                          fmt::format("{:.3g}", match.ours.edp),
                          fmt::format("{:.2f}", match.ours.area), verdict(match)});
  }
  fmt::print("{}\n", to_text(table));
}

int reproduce_table2(const Table2Arguments& arguments, const GlobalOptions& global) {
  const std::filesystem::path folder =
      arguments.run.empty() ? run_search(arguments, global) : std::filesystem::path(arguments.run);
  const report::RunData run = read_run(folder);
  if (run.finals.empty()) {
    throw base::Error(fmt::format("{}: the run has no final designs yet", folder.string()));
  }
  const std::vector<study::Table2Match> matches = study::match_table2(figures_of(run));
  const report::Figure figure = figure_of(run, matches);
  if (!global.json) {
    fmt::print("{}\n", report::pareto_table(run));
    print_matches(matches);
  }
  return finish_study(figure, arguments.out, global);
}

}  // namespace

void add_table2_command(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<Table2Arguments>();
  CLI::App* command =
      reproduce.add_subcommand("table2", "Gibbon: designs of one run on CIFAR-10")->fallthrough();
  command->add_option("--data", arguments->data, "Folder of CIFAR-10's binary files");
  command->add_option("--run", arguments->run, "A finished run's folder, instead of a search");
  command->add_option("--out", arguments->out, "Folder for the files and the run; reproduce");
  command->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_table2(*arguments, global); };
  });
}

}  // namespace gibbon::app
