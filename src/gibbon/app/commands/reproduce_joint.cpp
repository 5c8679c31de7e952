#include "gibbon/app/commands/reproduce_joint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/search_run.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/config/space_loader.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/report/figure.hpp"
#include "gibbon/study/epitome_savings.hpp"
#include "gibbon/study/statistics.hpp"

namespace gibbon::app {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWithEpitomes = "joint";             // run preset and space
constexpr const char* kWithoutEpitomes = "fashion-mnist";  // the same space but for those genes

struct JointArguments {
  std::string data;
  std::string out = "reproduce";
  int seeds = 5;
  bool quick = false;
};

/// Both searches of one seed.
struct Pair {
  std::uint64_t seed = 0;
  report::RunData joint;
  report::RunData plain;
};

/// Enough to see that it works; the figures mean nothing.
void make_quick(explore::RunConfig& config) {
  config.data.train_images = 2000;
  config.data.validation_images = 200;
  config.supernet.steps = 20;
  config.supernet.steps_per_iteration = 5;
  config.search.iterations = 1;
  config.search.initial_designs = 6;
  config.search.designs_per_iteration = 4;
  config.simulation.images = 20;
}

/// The preset's search without its final training.
explore::RunConfig front_config(const JointArguments& arguments, const std::string& space,
                                std::uint64_t seed) {
  explore::RunConfig config = load_run_config(locate(PresetKind::kRuns, kWithEpitomes));
  config.name = fmt::format("{}-{}", space, seed);
  config.space = locate(PresetKind::kSpaces, space);
  config.seed = seed;
  config.final_training.designs = 0;
  if (!arguments.data.empty()) config.data.directory = fs::absolute(arguments.data);
  if (arguments.quick) make_quick(config);
  return config;
}

/// A run goes on with its own settings; --quick, or other data, wants other runs.
void require_same(const fs::path& folder, const fs::path& file, const explore::RunConfig& config) {
  if (!fs::exists(folder / "config.yaml") || !fs::exists(file)) return;
  explore::RunConfig begun = load_run_config(file);
  begun.threads = config.threads;  // decides nothing
  if (to_yaml(begun) == to_yaml(config)) return;
  throw base::Error(
      fmt::format("{}: holds a run of other settings ({}); use another --out or remove both",
                  folder.string(), file.string()));
}

report::RunData searched(const JointArguments& arguments, const std::string& space,
                         std::uint64_t seed, const GlobalOptions& global) {
  const explore::RunConfig config = front_config(arguments, space, seed);
  const fs::path runs = fs::path(arguments.out) / "joint-runs";
  fs::create_directories(runs);
  const fs::path folder = runs / config.name;
  const fs::path file = runs / (config.name + ".yaml");
  require_same(folder, file, config);
  base::write_file_atomically(file, to_yaml(config));
  search_into(folder, {"--config", file.string()}, global);
  return read_run(folder);
}

double hypervolume_of(const report::RunData& run) {
  if (run.iterations.empty()) {
    throw base::Error(fmt::format("run '{}' has no iteration", run.facts.name));
  }
  return run.iterations.back().hypervolume;
}

struct Hypervolumes {
  std::vector<double> joint;
  std::vector<double> plain;
};

Hypervolumes hypervolumes_of(const std::vector<Pair>& pairs) {
  Hypervolumes volumes;
  for (const Pair& pair : pairs) {
    volumes.joint.push_back(hypervolume_of(pair.joint));
    volumes.plain.push_back(hypervolume_of(pair.plain));
  }
  return volumes;
}

std::string verdict(const Hypervolumes& volumes) {
  const study::Interval joint = study::interval_of(volumes.joint);
  const study::Interval plain = study::interval_of(volumes.plain);
  const study::Interval gain = study::paired_interval(volumes.joint, volumes.plain);
  return fmt::format(
      "Hypervolume with epitome genes {:.4f}, without {:.4f}; difference {:+.4f} +- {:.4f} (95 %, "
      "pairs of one seed).",
      joint.mean, plain.mean, gain.mean, gain.half_width);
}

std::unique_ptr<space::SearchSpace> space_of(const explore::RunConfig& config) {
  const data::DatasetEntry& images = data::find_dataset(config.data.dataset);
  SpaceChoice choice{config.space};
  if (images.shape && images.classes) {
    const data::ImageShape& shape = *images.shape;
    choice.images = SpaceImages{{shape.channels, shape.height, shape.width}, *images.classes};
  }
  return load_space(choice);
}

/// What the cost model alone says of the epitomes of all designs that were simulated.
std::string savings_text(const std::vector<Pair>& pairs, const JointArguments& arguments) {
  const explore::RunConfig config = front_config(arguments, kWithEpitomes, pairs.front().seed);
  std::vector<space::Genome> genomes;
  for (const Pair& pair : pairs) {
    for (const auto& evaluation : pair.joint.evaluations) genomes.push_back(evaluation.genome);
  }
  const study::EpitomeSavings savings = study::epitome_savings(
      *space_of(config), *sim::make_simulator(config.simulation.model), genomes);
  return fmt::format(
      "{} of the {} designs simulated with epitome genes have epitomes, {:.0f} of them in the "
      "median. They take {:.2f} times the area, {:.2f} times the latency and {:.2f} times the EDP "
      "(medians) of the same designs with convolutions.",
      savings.designs, genomes.size(), savings.epitomes, savings.area, savings.latency,
      savings.edp);
}

/// The most accurate design of each search, over the seeds.
std::string accuracies_text(const std::vector<Pair>& pairs, report::RunData Pair::*arm) {
  double lowest = 100;
  double highest = 0;
  for (const Pair& pair : pairs) {
    double best = 0;
    for (const auto& evaluation : (pair.*arm).evaluations) {
      if (evaluation.infeasible.empty()) {
        best = std::max(best, evaluation.metrics[space::Metric::kAccuracy]);
      }
    }
    lowest = std::min(lowest, best);
    highest = std::max(highest, best);
  }
  return fmt::format("{:.1f} to {:.1f} %", lowest, highest);
}

report::FigureTable table_of(const std::vector<Pair>& pairs, const Hypervolumes& volumes) {
  report::FigureTable table{
      "seeds",
      "Hypervolume of the front when the search is over",
      {"seed", "designs", "joint_hypervolume", "plain_hypervolume", "difference"},
      {}};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    table.rows.push_back({pairs[i].seed, pairs[i].joint.evaluations.size(), volumes.joint[i],
                          volumes.plain[i], volumes.joint[i] - volumes.plain[i]});
  }
  return table;
}

/// Mean hypervolume over the seeds, by designs simulated.
report::Series curve_of(const std::string& name, const std::vector<Pair>& pairs,
                        report::RunData Pair::*arm) {
  report::Series series{name, {}};
  for (std::size_t i = 0; i < (pairs.front().*arm).iterations.size(); ++i) {
    double sum = 0;
    for (const Pair& pair : pairs) sum += (pair.*arm).iterations.at(i).hypervolume;
    series.points.push_back({static_cast<double>((pairs.front().*arm).iterations[i].evaluated),
                             sum / static_cast<double>(pairs.size())});
  }
  return series;
}

report::Figure figure_of(const std::vector<Pair>& pairs, const Hypervolumes& volumes,
                         const JointArguments& arguments) {
  return {"joint",
          "Epitomes as genes of the joint space",
          {verdict(volumes), savings_text(pairs, arguments),
           fmt::format("The most accurate design of a search has {} with epitome genes and {} "
                       "without: how far the supernets of different seeds lie apart.",
                       accuracies_text(pairs, &Pair::joint), accuracies_text(pairs, &Pair::plain)),
           "Each pair of searches has the same seed, images, cost model and number of simulated "
           "designs. Accuracies are those of the supernet's weights on crossbars; the box of the "
           "hypervolume is fixed: accuracy 0 to 100 %, EDP and area on a logarithmic scale."},
          {{.title = "Hypervolume over simulated designs, mean of the seeds",
            .kind = report::Chart::Kind::kLines,
            .x = {"designs simulated", false},
            .y = {"hypervolume", false},
            .series = {curve_of("with epitome genes", pairs, &Pair::joint),
                       curve_of("without", pairs, &Pair::plain)}}},
          {table_of(pairs, volumes)}};
}

void print(const std::vector<Pair>& pairs, const Hypervolumes& volumes) {
  Table table{{"Seed", "Designs", "with epitomes", "without", "difference"}, {}};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    table.rows.push_back(
        {fmt::format("{}", pairs[i].seed), fmt::format("{}", pairs[i].joint.evaluations.size()),
         fmt::format("{:.4f}", volumes.joint[i]), fmt::format("{:.4f}", volumes.plain[i]),
         fmt::format("{:+.4f}", volumes.joint[i] - volumes.plain[i])});
  }
  fmt::print("{}\n", to_text(table));
}

int reproduce_joint(const JointArguments& arguments, const GlobalOptions& global) {
  std::vector<Pair> pairs;
  const std::uint64_t first = global.seed.value_or(1);
  for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(arguments.seeds);
       ++seed) {
    pairs.push_back({seed, searched(arguments, kWithEpitomes, seed, global),
                     searched(arguments, kWithoutEpitomes, seed, global)});
  }
  const Hypervolumes volumes = hypervolumes_of(pairs);
  if (!global.json) print(pairs, volumes);
  return finish_study(figure_of(pairs, volumes, arguments), arguments.out, global);
}

}  // namespace

void add_joint_command(CLI::App& reproduce, const GlobalOptions& global,
                       const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<JointArguments>();
  CLI::App* command =
      reproduce.add_subcommand("joint", "Epitome genes: fronts with them and without")
          ->fallthrough();
  command->add_option("--data", arguments->data, "Folder of Fashion-MNIST's files");
  command->add_option("--out", arguments->out, "Folder for the files and the runs; reproduce");
  command->add_option("--seeds", arguments->seeds, "Pairs of searches; 5")
      ->check(CLI::Range(1, 1000));
  command->add_flag("--quick", arguments->quick, "A few designs, whose figures mean nothing");
  command->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_joint(*arguments, global); };
  });
}

}  // namespace gibbon::app
