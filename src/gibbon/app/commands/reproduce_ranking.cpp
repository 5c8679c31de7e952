#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/commands/result_folder.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/option_check.hpp"
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
#include "gibbon/study/statistics.hpp"

namespace gibbon::app {

namespace {

struct RankingArguments {
  std::string run;
  std::string out = "reproduce";
  int designs = 12;
  int trainings = 1;  ///< of each design
  double epochs = 0;  ///< 0: those of the run's final designs
  bool spread = false;
};

/// Accuracies in percent.
struct Row {
  space::Genome genome;
  double bit_operations = 0;
  double one_shot = 0;
  std::vector<double> alone;  ///< one a training

  double mean_alone() const { return study::mean(alone); }
};

/// What decides the rows: those of other settings are not mixed.
base::Json settings_of(const RankingArguments& arguments, double epochs, std::uint64_t seed) {
  base::Json settings{{"run", std::filesystem::absolute(arguments.run).lexically_normal().string()},
                      {"epochs", epochs},
                      {"seed", seed}};
  if (arguments.spread) settings["spread_over"] = arguments.designs;
  return settings;
}

/// Of the folder's results.
std::string design_name(int design) {
  return fmt::format("design-{:03}", design + 1);
}
std::string training_name(int design, int training) {
  return fmt::format("{}-training-{}", design_name(design), training + 1);
}

/// What the folder does not hold, side by side; trainings that a stop cut off are left out.
class RankingRun {
 public:
  RankingRun(const explore::Ranking& ranking, std::vector<space::Genome> genomes, int trainings,
             double epochs, const ResultFolder& folder)
      : ranking_(ranking),
        trainings_(trainings),
        epochs_(epochs),
        folder_(folder),
        genomes_(std::move(genomes)) {}

  void measure_missing(int threads, base::Progress& progress) const {
    std::vector<double> epochs;
    for (int n = 0; n < pieces(); ++n) epochs.push_back(is_trained(n) ? 0 : epochs_);
    base::JointProgress joint(progress, "epochs", epochs);
    std::vector<base::Task> tasks;
    for (int n = 0; n < pieces(); ++n) {
      base::Progress& part = joint.part(tasks.size());
      tasks.push_back({[this, n, &part](int share) { measure(n, share, part); }});
    }
    base::run_side_by_side(tasks, threads);
  }

  /// Of all designs, once nothing is missing.
  std::vector<Row> rows(const space::SearchSpace& space) const {
    std::vector<Row> rows;
    for (int design = 0; design < designs(); ++design) {
      const space::Genome& genome = genomes_[static_cast<std::size_t>(design)];
      Row row{genome,
              explore::capacity_of(space, genome),
              folder_.find(design_name(design)).value().at("one_shot_top1"),
              {}};
      for (int training = 0; training < trainings_; ++training) {
        row.alone.push_back(folder_.find(training_name(design, training)).value().at("alone_top1"));
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  int designs() const { return static_cast<int>(genomes_.size()); }
  /// Trainings in all: the first of each design, then the second ones.
  int pieces() const { return designs() * trainings_; }
  std::string name_of(int piece) const {
    return training_name(piece % designs(), piece / designs());
  }
  bool is_trained(int piece) const { return folder_.find(name_of(piece)).has_value(); }

  void measure(int piece, int threads, base::Progress& progress) const {
    const int design = piece % designs();
    const int training = piece / designs();
    if (training == 0) look_at(design, threads, progress);
    if (is_trained(piece) || progress.stop_requested()) return;
    const space::Genome& genome = genomes_[static_cast<std::size_t>(design)];
    const auto accuracy = ranking_.alone(genome, epochs_, training, threads, progress);
    if (!accuracy) return;
    folder_.save(name_of(piece), {{"alone_top1", *accuracy}});
    progress.note(fmt::format("design {} of {}: alone {:.2f} % (training {} of {})", design + 1,
                              designs(), *accuracy, training + 1, trainings_));
  }

  void look_at(int design, int threads, base::Progress& progress) const {
    const std::string name = design_name(design);
    if (folder_.find(name) || progress.stop_requested()) return;
    const space::Genome& genome = genomes_[static_cast<std::size_t>(design)];
    const double one_shot = ranking_.one_shot(genome, threads);
    folder_.save(name, {{"genome", space::to_text(genome)}, {"one_shot_top1", one_shot}});
    progress.note(
        fmt::format("design {} of {}: one-shot {:.2f} %", design + 1, designs(), one_shot));
  }

  const explore::Ranking& ranking_;
  int trainings_;
  double epochs_;
  const ResultFolder& folder_;
  std::vector<space::Genome> genomes_;
};

/// Kendall's tau with the mean accuracy alone.
struct Taus {
  double one_shot = 0;
  double bit_operations = 0;        ///< what size says of the order without any training
  std::optional<double> trainings;  ///< of one training with another: the mean over their pairs
};

std::vector<double> alone_in(const std::vector<Row>& rows, std::size_t training) {
  std::vector<double> accuracies;
  for (const Row& row : rows) accuracies.push_back(row.alone[training]);
  return accuracies;
}

std::optional<double> tau_of_trainings(const std::vector<Row>& rows) {
  double sum = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < rows.front().alone.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j, ++pairs) {
      sum += predict::kendall_tau(alone_in(rows, i), alone_in(rows, j));
    }
  }
  return pairs > 0 ? std::optional(sum / pairs) : std::nullopt;
}

Taus taus_of(const std::vector<Row>& rows) {
  std::vector<double> alone;
  std::vector<double> one_shot;
  std::vector<double> bit_operations;
  for (const Row& row : rows) {
    alone.push_back(row.mean_alone());
    one_shot.push_back(row.one_shot);
    bit_operations.push_back(row.bit_operations);
  }
  return {predict::kendall_tau(alone, one_shot), predict::kendall_tau(alone, bit_operations),
          tau_of_trainings(rows)};
}

std::string conclusion(const Taus& taus) {
  std::string text = fmt::format(
      "Kendall's tau with the accuracy alone: {:.3f} of the one-shot accuracy, {:.3f} of bit "
      "operations, which need no training",
      taus.one_shot, taus.bit_operations);
  if (taus.trainings) {
    text += fmt::format("; of one training alone with another {:.3f}", *taus.trainings);
  }
  return text;
}

std::string description(const std::string& run, double epochs, bool spread,
                        const std::vector<Row>& rows) {
  const std::size_t trainings = rows.front().alone.size();
  return fmt::format(
      "{} {} of run '{}', each trained from random weights for {:g} epochs{}.", rows.size(),
      spread ? "designs evenly spread in bit operations" : "random designs", run, epochs,
      trainings == 1 ? "" : fmt::format(", {} times; accuracies alone are means", trainings));
}

report::FigureTable table_of(const std::vector<Row>& rows) {
  report::FigureTable table{"designs",
                            "Accuracies on the test images, quantised, no crossbars",
                            {"genome", "bit_operations", "one_shot_top1", "alone_top1"},
                            {}};
  const std::size_t trainings = rows.front().alone.size();
  for (std::size_t n = 1; trainings > 1 && n <= trainings; ++n) {
    table.columns.push_back(fmt::format("alone_top1_{}", n));
  }
  for (const Row& row : rows) {
    std::vector<base::Json> cells{space::to_text(row.genome), row.bit_operations, row.one_shot,
                                  row.mean_alone()};
    if (trainings > 1) cells.insert(cells.end(), row.alone.begin(), row.alone.end());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

report::Figure figure_of(const explore::RunConfig& config, double epochs, bool spread,
                         const std::vector<Row>& rows) {
  report::Series points{"designs", {}};
  for (const Row& row : rows) points.points.push_back({row.one_shot, row.mean_alone()});
  return {"ranking",
          "Shared weights against trainings alone",
          {description(config.name, epochs, spread, rows), conclusion(taus_of(rows)) + "."},
          {{.title = "Accuracy alone over accuracy with shared weights",
            .kind = report::Chart::Kind::kScatter,
            .x = {"one-shot accuracy (%)", false},
            .y = {"accuracy alone (%)", false},
            .series = {points}}},
          {table_of(rows)}};
}

void print(const std::vector<Row>& rows) {
  Table table{{"Design", "Mega bit operations", "One-shot %", "Alone %"}, {}};
  for (const Row& row : rows) {
    table.rows.push_back(
        {space::to_text(row.genome), fmt::format("{:.0f}", row.bit_operations / 1e6),
         fmt::format("{:.2f}", row.one_shot), fmt::format("{:.2f}", row.mean_alone())});
  }
  fmt::print("{}", to_text(table));
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
  const RankingRun measured(ranking, chosen(*inputs.space, seed, arguments.designs),
                            arguments.trainings, epochs, folder);
  {
    TerminalProgress progress(global.quiet || global.json);
    measured.measure_missing(config.threads, progress);
    if (progress.stop_requested()) throw base::Error("stopped; the same command goes on");
  }
  const std::vector<Row> rows = measured.rows(*inputs.space);
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
  command
      ->add_option("--trainings", arguments->trainings,
                   "Of each design, from different random weights; 1")
      ->check(CLI::Range(1, 100));
  command->add_option("--out", arguments->out, "Folder for the files and rows; reproduce");
  command->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_ranking(*arguments, global); };
  });
}

}  // namespace gibbon::app
