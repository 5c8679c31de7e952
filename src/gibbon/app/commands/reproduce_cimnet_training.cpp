#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "gibbon/app/commands/cimnet_supernet.hpp"
#include "gibbon/app/commands/reproduce_cimnet_page.hpp"
#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/config/cimnet_space_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/joint_progress.hpp"
#include "gibbon/base/side_by_side.hpp"
#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::app {

namespace {

namespace fs = std::filesystem;

struct CimnetArguments {
  std::string dataset = "cifar10";
  std::string data;
  std::string out = "reproduce";
  std::string space = "both";
  int seeds = 5;
  double fine_tune = 0;  ///< epochs
  bool quick = false;
};

struct SpacePlan {
  const char* key;
  const char* space;
  int steps;  ///< of the supernet
  double learning_rate;
  double small_crop_share;  ///< of the steps; transformers' positions know one size alone
};

/// What decides how long the command takes: set for at most an hour on two cores. Of the
/// transformer a step on the largest network takes 1.5 s of one core; sandwich paths average 0.65
/// of it. The CNN's paths, with small crops, take a third of that. About 40 networks a seed are
/// screened, 5 s of one core each; a few of them are judged, about 15 s each.
struct CimnetSettings {
  SpacePlan vit = {"vit", "cimnet-vit-cifar", 2000, 0.1, 0};
  SpacePlan cnn = {"cnn", "cimnet-cnn-cifar", 2000, 0.2, 0.6};
  int screening_images = 2000;
  int judging_images = 6250;
  study::CimnetArmOptions search = {};
};

CimnetSettings settings_of(const CimnetArguments& arguments) {
  CimnetSettings settings;
  if (!arguments.quick) return settings;
  settings.vit.steps = settings.cnn.steps = 40;
  settings.screening_images = 200;
  settings.judging_images = 400;
  settings.search.first_networks = 6;
  settings.search.rounds = 1;
  settings.search.networks_per_round = 2;
  settings.search.population = 10;
  settings.search.generations = 2;
  return settings;
}

/// What decides the weights and accuracies: those of other settings are not mixed.
base::Json identity_of(const CimnetArguments& arguments, const GlobalOptions& global,
                       const SpacePlan& plan, const CimnetSettings& settings) {
  return {{"space", plan.space},
          {"dataset", arguments.dataset},
          {"quick", arguments.quick},
          {"steps", plan.steps},
          {"screening_images", settings.screening_images},
          {"judging_images", settings.judging_images},
          {"seed", global.seed.value_or(1)}};
}

class CimnetRun {
 public:
  CimnetRun(const CimnetArguments& arguments, const GlobalOptions& global)
      : arguments_(arguments),
        global_(global),
        settings_(settings_of(arguments)),
        dataset_(data::load_dataset(arguments.dataset, arguments.data)),
        simulator_(sim::make_simulator("digital_cim")),
        progress_(global.quiet || global.json) {}

  std::vector<CimnetSpaceResult> run() {
    for (const SpacePlan& plan : {settings_.vit, settings_.cnn}) {
      if (arguments_.space == "both" || arguments_.space == plan.key) results_.push_back(run(plan));
    }
    return results_;
  }

 private:
  CimnetSpaceResult run(const SpacePlan& plan) {
    const data::ImageSet& images = dataset_.train;
    const SpaceImages shape{{images.channels, images.height, images.width}, dataset_.num_classes()};
    const auto& space = *spaces_.emplace_back(std::make_unique<space::CimnetSpace>(
        load_cimnet_spec(locate(PresetKind::kSpaces, plan.space), shape)));
    CimnetSupernet supernet(space, dataset_, training_of(plan),
                            ResultFolder(fs::path(arguments_.out) / "cimnet" / plan.key,
                                         identity_of(arguments_, global_, plan, settings_)),
                            progress_);
    progress_.note(fmt::format("{}: supernet of {} steps", plan.key, plan.steps));
    supernet.train();
    CimnetSpaceResult result = search(space, plan, supernet);
    test(result, supernet);
    result.minutes = supernet.minutes("supernet") + supernet.minutes("accuracies") +
                     supernet.minutes("fine-tuning");
    return result;
  }

  CimnetTraining training_of(const SpacePlan& plan) const {
    const data::ImageSet& images = dataset_.train;
    const auto held_out = [&](int wanted) {  // of a data set of few images, an eighth
      return std::min(wanted, images.count() / 8);
    };
    CimnetTraining training;
    training.steps = plan.steps;
    training.screening_images = held_out(settings_.screening_images);
    training.judging_images = held_out(settings_.judging_images);
    train::TrainOptions& options = training.options;
    options.seed = global_.seed.value_or(1);
    options.threads = global_.thread_count();
    options.learning_rate = plan.learning_rate;
    options.augmentation.crop_padding = arguments_.quick ? 0 : 4;
    options.augmentation.flip = data::Mirroring::kRandom;
    if (plan.small_crop_share > 0) {
      options.small_crops = {3 * std::min(images.height, images.width) / 4, plan.small_crop_share};
    }
    return training;
  }

  CimnetSpaceResult search(const space::CimnetSpace& space, const SpacePlan& plan,
                           CimnetSupernet& supernet) {
    CimnetSpaceResult result;
    result.key = plan.key;
    result.space = &space;
    result.steps = plan.steps;
    result.screening_images = supernet.screening_images();
    result.judging_images = supernet.judging_images();
    result.most_points_lost = settings_.search.most_points_lost;
    result.seeds = arguments_.seeds;
    result.baseline =
        study::baseline_arm(space, *simulator_, accuracies_of(supernet, global_.thread_count()));
    result.arms = search_arms(space, plan, supernet);
    return result;
  }

  /// The seeds side by side: measuring on one thread wastes less than on two.
  std::vector<study::CimnetArm> search_arms(const space::CimnetSpace& space, const SpacePlan& plan,
                                            CimnetSupernet& supernet) {
    std::vector<std::vector<study::CimnetArm>> by_seed(static_cast<std::size_t>(arguments_.seeds));
    std::vector<base::Task> tasks;
    for (std::size_t i = 0; i < by_seed.size(); ++i) {
      tasks.push_back({[&, i](int threads) {
        progress_.note(fmt::format("{}: search {} of {}", plan.key, i + 1, by_seed.size()));
        study::CimnetArmOptions options = settings_.search;
        options.threads = threads;
        by_seed[i] = study::search_cimnet_arms(space, *simulator_, options, i + 1,
                                               accuracies_of(supernet, threads));
      }});
    }
    base::run_side_by_side(tasks, global_.thread_count());
    std::vector<study::CimnetArm> arms;
    for (const auto& found : by_seed) arms.insert(arms.end(), found.begin(), found.end());
    return arms;
  }

  static study::NetworkAccuracies accuracies_of(CimnetSupernet& supernet, int threads) {
    return {[&supernet, threads](const space::Genome& network) {
              return supernet.screening_accuracy(network, threads);
            },
            [&supernet, threads](const space::Genome& network) {
              return supernet.judging_accuracy(network, threads);
            }};
  }

  /// The arms' median networks, side by side.
  void test(CimnetSpaceResult& result, CimnetSupernet& supernet) {
    std::set<space::Genome> networks;
    for (const CimnetArmRow& row : cimnet_rows(result)) {
      networks.insert(study::network_of(*result.space, row.median().design.genome));
    }
    const double epochs = arguments_.fine_tune;
    base::JointProgress joint(progress_, "epochs", std::vector<double>(networks.size(), epochs));
    std::mutex mutex;
    std::vector<base::Task> tasks;
    for (const space::Genome& network : networks) {
      base::Progress& part = joint.part(tasks.size());
      tasks.push_back({[&](int threads) {
        const double accuracy = supernet.test_accuracy(network, threads);
        std::optional<double> tuned;
        if (epochs > 0) tuned = supernet.fine_tuned_accuracy(network, epochs, threads, part);
        const std::lock_guard lock(mutex);
        result.test[network] = accuracy;
        if (tuned) result.fine_tuned[network] = *tuned;
      }});
    }
    base::run_side_by_side(tasks, global_.thread_count());
  }

  const CimnetArguments& arguments_;
  const GlobalOptions& global_;
  CimnetSettings settings_;
  data::Dataset dataset_;
  std::unique_ptr<sim::Simulator> simulator_;
  TerminalProgress progress_;
  std::vector<std::unique_ptr<space::CimnetSpace>> spaces_;
  std::vector<CimnetSpaceResult> results_;
};

int reproduce_cimnet(const CimnetArguments& arguments, const GlobalOptions& global) {
  CimnetRun run(arguments, global);
  const std::vector<CimnetSpaceResult> results = run.run();
  if (!global.json) {
    for (const CimnetSpaceResult& result : results) fmt::print("{}\n", cimnet_text(result));
  }
  const std::string images = arguments.dataset + (arguments.quick ? ", quick" : "");
  return finish_study(cimnet_figure(results, images), arguments.out, global);
}

}  // namespace

void add_cimnet_training_command(CLI::App& reproduce, const GlobalOptions& global,
                                 const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<CimnetArguments>();
  CLI::App* command = reproduce.add_subcommand("cimnet", kCimnetSummary)->fallthrough();
  command->add_option("--data", arguments->data, "Folder of CIFAR-10's binary files");
  command->add_option("--dataset", arguments->dataset, "Other images; cifar10");
  command->add_option("--out", arguments->out,
                      "Folder for the files, weights and accuracies; reproduce");
  command->add_option("--space", arguments->space, "vit, cnn or both; both")
      ->check(CLI::IsMember({"vit", "cnn", "both"}));
  CLI::Option* seeds = command->add_option("--seeds", arguments->seeds, "Searches of each arm; 5")
                           ->check(CLI::Range(1, 1000));
  command
      ->add_option("--fine-tune", arguments->fine_tune,
                   "Epochs for each median network alone before its test; 0")
      ->check(CLI::Range(0.0, 1000.0));
  command->add_flag("--quick", arguments->quick, "Few steps and designs, 2 searches");
  command->callback([arguments, seeds, chosen, &global] {
    if (arguments->quick && seeds->count() == 0) arguments->seeds = 2;
    *chosen = [arguments, &global] { return reproduce_cimnet(*arguments, global); };
  });
}

}  // namespace gibbon::app
