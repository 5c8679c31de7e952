#include <fmt/format.h>

#include <memory>
#include <vector>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/commands/result_folder.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/run_inputs.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/explore/ranking.hpp"
#include "gibbon/predict/predictor.hpp"
#include "gibbon/store/run_folder.hpp"

namespace gibbon::app {

namespace {

struct RankingArguments {
  std::string run;
  std::string out = "reproduce";
  int designs = 12;
  double epochs = 0;  ///< 0: those of the run's final designs
};

struct Row {
  space::Genome genome;
  explore::RankedDesign accuracy;
};

/// What decides the rows: those of other settings are not mixed.
base::Json settings_of(const RankingArguments& arguments, double epochs, std::uint64_t seed) {
  return {{"run", std::filesystem::absolute(arguments.run).lexically_normal().string()},
          {"epochs", epochs},
          {"seed", seed}};
}

/// Row `n`, measured unless the folder holds it; nothing where a stop was asked for.
std::optional<Row> row_of(const explore::Ranking& ranking, std::uint64_t seed, int n, double epochs,
                          const ResultFolder& folder, base::Progress& progress) {
  const space::Genome genome = ranking.design(seed, n);
  const std::string name = fmt::format("design-{:03}", n + 1);
  if (const auto known = folder.find(name)) {
    return Row{genome, {known->at("one_shot_top1"), known->at("alone_top1")}};
  }
  const auto accuracy = ranking.measure(genome, epochs, progress);
  if (!accuracy) return std::nullopt;
  folder.save(name, {{"genome", space::to_text(genome)},
                     {"one_shot_top1", accuracy->one_shot},
                     {"alone_top1", accuracy->alone}});
  return Row{genome, *accuracy};
}

double tau_of(const std::vector<Row>& rows) {
  std::vector<double> alone;
  std::vector<double> one_shot;
  for (const Row& row : rows) {
    alone.push_back(row.accuracy.alone);
    one_shot.push_back(row.accuracy.one_shot);
  }
  return predict::kendall_tau(alone, one_shot);
}

report::Figure figure_of(const explore::RunConfig& config, double epochs,
                         const std::vector<Row>& rows) {
  report::Series points{"designs", {}};
  report::FigureTable table{"designs",
                            "Accuracies on the validation images, quantised, no crossbars",
                            {"genome", "one_shot_top1", "alone_top1"},
                            {}};
  for (const Row& row : rows) {
    points.points.push_back({row.accuracy.one_shot, row.accuracy.alone});
    table.rows.push_back({space::to_text(row.genome), row.accuracy.one_shot, row.accuracy.alone});
  }
  return {"ranking",
          "Shared weights against trainings alone",
          {fmt::format("Kendall's tau of the one-shot accuracy: {:.3f} over {} random designs of "
                       "run '{}', each trained from random weights for {:g} epochs.",
                       tau_of(rows), rows.size(), config.name, epochs)},
          {{.title = "Accuracy alone over accuracy with shared weights",
            .kind = report::Chart::Kind::kScatter,
            .x = {"one-shot accuracy (%)", false},
            .y = {"accuracy alone (%)", false},
            .series = {points}}},
          {table}};
}

void print(const std::vector<Row>& rows) {
  Table table{{"Design", "One-shot %", "Alone %"}, {}};
  for (const Row& row : rows) {
    table.rows.push_back({space::to_text(row.genome), fmt::format("{:.2f}", row.accuracy.one_shot),
                          fmt::format("{:.2f}", row.accuracy.alone)});
  }
  fmt::print("{}Kendall's tau {:.3f} over {} designs\n", to_text(table), tau_of(rows), rows.size());
}

int reproduce_ranking(const RankingArguments& arguments, const GlobalOptions& global) {
  const store::RunFolder run(arguments.run, store::OpenMode::kReadOnly);
  explore::RunConfig config = load_run_config(run.config());
  if (global.threads) config.threads = *global.threads;
  const std::uint64_t seed = global.seed.value_or(1);
  const double epochs = arguments.epochs > 0 ? arguments.epochs : config.final_training.epochs;
  const RunInputs inputs = load_run_inputs(config);
  const auto store = run.open_store();
  const explore::Ranking ranking(config, *inputs.space, inputs.dataset, *store, run.checkpoints());
  const ResultFolder folder(std::filesystem::path(arguments.out) / "ranking",
                            settings_of(arguments, epochs, seed));
  std::vector<Row> rows;
  {
    TerminalProgress progress(global.quiet || global.json);
    for (int n = 0; n < arguments.designs; ++n) {
      const auto row = row_of(ranking, seed, n, epochs, folder, progress);
      if (!row) throw base::Error("stopped; the same command goes on");
      progress.note(fmt::format("design {} of {}: one-shot {:.2f} %, alone {:.2f} %", n + 1,
                                arguments.designs, row->accuracy.one_shot, row->accuracy.alone));
      rows.push_back(*row);
    }
  }
  if (!global.json) print(rows);
  return finish_study(figure_of(config, epochs, rows), arguments.out, global);
}

}  // namespace

void add_ranking_command(CLI::App& reproduce, const GlobalOptions& global,
                         const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<RankingArguments>();
  CLI::App* command = reproduce.add_subcommand("ranking", kRankingSummary)->fallthrough();
  command->add_option("--run", arguments->run, "Folder of a run with a trained supernet")
      ->required();
  command->add_option("--designs", arguments->designs, "Random designs; 12")
      ->check(CLI::Range(2, 100000));
  command
      ->add_option("--epochs", arguments->epochs,
                   "Of each training; default: those of the run's final designs")
      ->check(CLI::PositiveNumber);
  command->add_option("--out", arguments->out, "Folder for the files and rows; reproduce");
  command->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_ranking(*arguments, global); };
  });
}

}  // namespace gibbon::app
