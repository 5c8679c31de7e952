#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/commands/result_folder.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/number_check.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/run_inputs.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/joint_progress.hpp"
#include "gibbon/base/side_by_side.hpp"
#include "gibbon/explore/capacity.hpp"
#include "gibbon/explore/ranked_designs.hpp"
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
  bool spread = false;
};

struct Row {
  space::Genome genome;
  double bit_operations = 0;
  explore::RankedDesign accuracy;
};

/// What decides the rows: those of other settings are not mixed.
base::Json settings_of(const RankingArguments& arguments, double epochs, std::uint64_t seed) {
  base::Json settings{{"run", std::filesystem::absolute(arguments.run).lexically_normal().string()},
                      {"epochs", epochs},
                      {"seed", seed}};
  if (arguments.spread) settings["spread_over"] = arguments.designs;
  return settings;
}

std::string name_of(int n) {
  return fmt::format("design-{:03}", n + 1);
}

/// The rows that the folder does not hold, side by side; those that a stop cut off are left out.
class RankingRun {
 public:
  RankingRun(const explore::Ranking& ranking, const space::SearchSpace& space,
             std::vector<space::Genome> genomes, double epochs, const ResultFolder& folder)
      : ranking_(ranking),
        space_(space),
        epochs_(epochs),
        folder_(folder),
        genomes_(std::move(genomes)) {}

  void measure_missing(int threads, base::Progress& progress) const {
    const int designs = static_cast<int>(genomes_.size());
    std::vector<double> epochs;
    for (int n = 0; n < designs; ++n) epochs.push_back(folder_.find(name_of(n)) ? 0 : epochs_);
    base::JointProgress joint(progress, "epochs", epochs);
    std::vector<base::Task> tasks;
    for (int n = 0; n < designs; ++n) {
      base::Progress& part = joint.part(tasks.size());
      tasks.push_back({[this, n, &part](int share) { measure(n, share, part); }});
    }
    base::run_side_by_side(tasks, threads);
  }

  /// Of all designs, once none is missing.
  std::vector<Row> rows() const {
    std::vector<Row> rows;
    for (int n = 0; n < static_cast<int>(genomes_.size()); ++n) {
      const base::Json known = folder_.find(name_of(n)).value();
      const space::Genome& genome = genomes_[static_cast<std::size_t>(n)];
      rows.push_back({genome,
                      explore::capacity_of(space_, genome),
                      {known.at("one_shot_top1"), known.at("alone_top1")}});
    }
    return rows;
  }

 private:
  void measure(int n, int threads, base::Progress& progress) const {
    if (folder_.find(name_of(n)) || progress.stop_requested()) return;
    const space::Genome& genome = genomes_[static_cast<std::size_t>(n)];
    const auto accuracy = ranking_.measure(genome, epochs_, threads, progress);
    if (!accuracy) return;
    folder_.save(name_of(n), {{"genome", space::to_text(genome)},
                              {"one_shot_top1", accuracy->one_shot},
                              {"alone_top1", accuracy->alone}});
    progress.note(fmt::format("design {} of {}: one-shot {:.2f} %, alone {:.2f} %", n + 1,
                              genomes_.size(), accuracy->one_shot, accuracy->alone));
  }

  const explore::Ranking& ranking_;
  const space::SearchSpace& space_;
  double epochs_;
  const ResultFolder& folder_;
  std::vector<space::Genome> genomes_;
};

struct Taus {
  double one_shot = 0;
  double bit_operations = 0;  ///< what size alone, without any training, says of the order
};

Taus taus_of(const std::vector<Row>& rows) {
  std::vector<double> alone;
  std::vector<double> one_shot;
  std::vector<double> bit_operations;
  for (const Row& row : rows) {
    alone.push_back(row.accuracy.alone);
    one_shot.push_back(row.accuracy.one_shot);
    bit_operations.push_back(row.bit_operations);
  }
  return {predict::kendall_tau(alone, one_shot), predict::kendall_tau(alone, bit_operations)};
}

report::Figure figure_of(const explore::RunConfig& config, double epochs, bool spread,
                         const std::vector<Row>& rows) {
  const Taus taus = taus_of(rows);
  report::Series points{"designs", {}};
  report::FigureTable table{"designs",
                            "Accuracies on the test images, quantised, no crossbars",
                            {"genome", "bit_operations", "one_shot_top1", "alone_top1"},
                            {}};
  for (const Row& row : rows) {
    points.points.push_back({row.accuracy.one_shot, row.accuracy.alone});
    table.rows.push_back({space::to_text(row.genome), row.bit_operations, row.accuracy.one_shot,
                          row.accuracy.alone});
  }
  return {
      "ranking",
      "Shared weights against trainings alone",
      {fmt::format("Kendall's tau of the one-shot accuracy: {:.3f} over {} {} of run '{}', each "
                   "trained from random weights for {:g} epochs; of bit operations, which need "
                   "no training: {:.3f}.",
                   taus.one_shot, rows.size(),
                   spread ? "designs evenly spread in bit operations" : "random designs",
                   config.name, epochs, taus.bit_operations)},
      {{.title = "Accuracy alone over accuracy with shared weights",
        .kind = report::Chart::Kind::kScatter,
        .x = {"one-shot accuracy (%)", false},
        .y = {"accuracy alone (%)", false},
        .series = {points}}},
      {table}};
}

void print(const std::vector<Row>& rows) {
  Table table{{"Design", "Mega bit operations", "One-shot %", "Alone %"}, {}};
  for (const Row& row : rows) {
    table.rows.push_back(
        {space::to_text(row.genome), fmt::format("{:.0f}", row.bit_operations / 1e6),
         fmt::format("{:.2f}", row.accuracy.one_shot), fmt::format("{:.2f}", row.accuracy.alone)});
  }
  const Taus taus = taus_of(rows);
  fmt::print("{}Kendall's tau {:.3f} over {} designs; of bit operations {:.3f}\n", to_text(table),
             taus.one_shot, rows.size(), taus.bit_operations);
}

int reproduce_ranking(const RankingArguments& arguments, const GlobalOptions& global) {
  const store::RunFolder run(arguments.run, store::OpenMode::kReadOnly);
  explore::RunConfig config = load_run_config(run.config());
  if (global.threads) config.threads = *global.threads;
  const std::uint64_t seed = global.seed.value_or(1);
  const double epochs = arguments.epochs > 0 ? arguments.epochs : config.final_training.epochs;
  config.out = run.path();
  const auto store = run.open_store();
  const RunInputs inputs = load_begun_run_inputs(config, *store);
  const explore::Ranking ranking(config, *inputs.space, inputs.dataset, *store, run.checkpoints());
  const ResultFolder folder(std::filesystem::path(arguments.out) / "ranking",
                            settings_of(arguments, epochs, seed));
  const auto chosen = arguments.spread ? explore::spread_designs : explore::random_designs;
  const RankingRun measured(ranking, *inputs.space, chosen(*inputs.space, seed, arguments.designs),
                            epochs, folder);
  {
    TerminalProgress progress(global.quiet || global.json);
    measured.measure_missing(config.threads, progress);
    if (progress.stop_requested()) throw base::Error("stopped; the same command goes on");
  }
  const std::vector<Row> rows = measured.rows();
  if (!global.json) print(rows);
  return finish_study(figure_of(config, epochs, arguments.spread, rows), arguments.out, global);
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
  command->add_flag("--spread", arguments->spread,
                    "Designs evenly spread in bit operations between the least and the most of "
                    "1000 random ones");
  command
      ->add_option("--epochs", arguments->epochs,
                   "Of each training; default: those of the run's final designs")
      ->check(above_zero());
  command->add_option("--out", arguments->out, "Folder for the files and rows; reproduce");
  command->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_ranking(*arguments, global); };
  });
}

}  // namespace gibbon::app
