#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "gibbon/app/commands/cimnet_supernet.hpp"
#include "gibbon/app/commands/reproduce_cimnet_page.hpp"
#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/config/cimnet_space_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
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

/// What decides how long the command takes: set for at most an hour on two cores, by estimate. Of
/// the transformer a step on the largest network takes 1.5 s of one core; sandwich paths average
/// 0.65 of it, so 2200 steps take 18 minutes. The CNN's paths, with small crops, take a good half
/// of that. About 50 networks a seed are screened, 2 to 3 s each: 10 minutes a space for 5 seeds;
/// a few of them are judged, about 10 s each.
struct CimnetSettings {
  SpacePlan vit = {"vit", "cimnet-vit-cifar", 2200, 0.1, 0};
  SpacePlan cnn = {"cnn", "cimnet-cnn-cifar", 2000, 0.2, 0.6};
  int screening_images = 2000;
  int judging_images = 6250;
  study::CimnetArmOptions search = {};
};

CimnetSettings settings_of(const CimnetArguments& arguments, const GlobalOptions& global) {
  CimnetSettings settings;
  settings.search.threads = global.thread_count();
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
        settings_(settings_of(arguments, global)),
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
    CimnetSpaceResult result = search(plan, space, supernet);
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
    options.augmentation.flip = true;
    if (plan.small_crop_share > 0) {
      options.small_crops = {3 * std::min(images.height, images.width) / 4, plan.small_crop_share};
    }
    return training;
  }

  CimnetSpaceResult search(const SpacePlan& plan, const space::CimnetSpace& space,
                           CimnetSupernet& supernet) {
    CimnetSpaceResult result;
    result.key = plan.key;
    result.space = &space;
    result.steps = plan.steps;
    result.screening_images = supernet.screening_images();
    result.judging_images = supernet.judging_images();
    result.most_points_lost = settings_.search.most_points_lost;
    result.seeds = arguments_.seeds;
    const study::NetworkAccuracies accuracies = {
        [&](const space::Genome& network) { return supernet.screening_accuracy(network); },
        [&](const space::Genome& network) { return supernet.judging_accuracy(network); }};
    result.baseline = study::baseline_arm(space, *simulator_, accuracies);
    for (int seed = 1; seed <= arguments_.seeds; ++seed) {
      progress_.note(fmt::format("{}: search {} of {}", plan.key, seed, arguments_.seeds));
      const auto arms = study::search_cimnet_arms(space, *simulator_, settings_.search,
                                                  static_cast<std::uint64_t>(seed), accuracies);
      result.arms.insert(result.arms.end(), arms.begin(), arms.end());
    }
    return result;
  }

  void test(CimnetSpaceResult& result, CimnetSupernet& supernet) const {
    for (const CimnetArmRow& row : cimnet_rows(result)) {
      const space::Genome network = study::network_of(*result.space, row.median().design.genome);
      result.test[network] = supernet.test_accuracy(network);
      if (arguments_.fine_tune > 0) {
        result.fine_tuned[network] = supernet.fine_tuned_accuracy(network, arguments_.fine_tune);
      }
    }
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
