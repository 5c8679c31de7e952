#include "gibbon/app/config/run_config_yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "gibbon/app/config/config_key.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {
namespace {

namespace fs = std::filesystem;

class RunConfigYaml : public testing::Test {
 protected:
  void SetUp() override { fs::current_path(GIBBON_SOURCE_DIR); }

  static explore::RunConfig read(const std::string& text) {
    return run_config_from_text(text, "x.yaml", fs::current_path());
  }
  static std::string error_of(const std::string& text) {
    try {
      read(text);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(RunConfigYaml, NothingGivenMeansTheDefaults) {
  const explore::RunConfig config = read("{}");
  EXPECT_EQ(config.search.iterations, explore::SearchConfig().iterations);
  EXPECT_GE(config.threads, 1);
  EXPECT_EQ(config.space, fs::path(GIBBON_SOURCE_DIR) / "presets/spaces/compact.yaml");
}

TEST_F(RunConfigYaml, CommentedDefaultsReadBackToTheDefaults) {
  EXPECT_EQ(to_yaml(read(commented_yaml(explore::RunConfig()))), to_yaml(read("{}")));
}

TEST_F(RunConfigYaml, WhatIsWrittenReadsBackToTheSame) {
  const explore::RunConfig config = read(
      "name: two words\nseed: 18446744\nthreads: 3\ndevice: cuda:1\nspace: gibbon\nout: /tmp/o\n"
      "hardware: mnsim-default\n"
      "data: {dataset: cifar10, directory: images, validation_images: 100, train_images: 7, "
      "padding: reflect}\n"
      "objective: {name: edp, metrics: [accuracy, power], constraints: [\"area_mm2 <= 20\"]}\n"
      "supernet: {learning_rate: 0.123456789012345, precision: bfloat16}\n"
      "search: {searcher: random, settings: {population: 5, rate: 0.25, name: 'x y'}}\n"
      "predictor: {enabled: false, hardware: predicted}\n"
      "simulation: {images: 100, fit_images: 9, adc_mode: fix}\nfinal: {test_images: all, epochs: "
      "0.5, targets: "
      "[{within: [area_mm2 <= 6.84, edp_ms_mj <= 1], epochs: 24, crop_padding: 0}, {within: "
      "[power_w <= 2], genes: {hardware.adc_bits: 8, hardware.wordline_share: 0.25}, "
      "teacher_weight: 0, weight_decay: 0.0002, skip_easy: 0.25, plain_share: 0.2, average_share: "
      "0.3, average_rate: 0.2, small_crop_share: 0.4, padding: "
      "reflect, cutout: 8}]}\n");
  const explore::RunConfig again = read(to_yaml(config));
  EXPECT_EQ(to_yaml(again), to_yaml(config));
  EXPECT_EQ(again.name, "two words");
  EXPECT_EQ(again.seed, 18446744u);
  EXPECT_EQ(again.threads, 3);
  EXPECT_EQ(again.out, "/tmp/o");
  EXPECT_EQ(again.hardware.filename(), "mnsim-default.yaml");
  EXPECT_EQ(again.data.directory, fs::path(GIBBON_SOURCE_DIR) / "images");
  EXPECT_EQ(again.data.train_images, 7);
  EXPECT_EQ(again.data.padding, "reflect");
  EXPECT_THAT(again.objective.constraints, testing::ElementsAre("area_mm2 <= 20"));
  EXPECT_EQ(again.supernet.learning_rate, 0.123456789012345);
  EXPECT_EQ(again.search.settings, config.search.settings);
  EXPECT_EQ(again.search.settings["rate"], 0.25);
  EXPECT_FALSE(again.predictor.enabled);
  EXPECT_EQ(again.simulation.fit_images, 9);
  EXPECT_EQ(again.final_training.test_images, explore::kAllImages);
  ASSERT_EQ(again.final_training.targets.size(), 2u);
  EXPECT_THAT(again.final_training.targets[0].within,
              testing::ElementsAre("area_mm2 <= 6.84", "edp_ms_mj <= 1"));
  EXPECT_EQ(again.final_training.targets[0].epochs, 24);
  EXPECT_EQ(again.final_training.targets[0].training.crop_padding, 0);
  EXPECT_TRUE(again.final_training.targets[0].genes.empty());
  EXPECT_EQ(
      again.final_training.targets[1].genes,
      (std::map<std::string, double>{{"hardware.adc_bits", 8}, {"hardware.wordline_share", 0.25}}));
  EXPECT_EQ(again.final_training.targets[0].teacher_weight,
            std::nullopt);  // that of final
  EXPECT_EQ(again.final_training.targets[1].teacher_weight, 0);
  EXPECT_EQ(again.final_training.targets[0].training.weight_decay, std::nullopt);  // that of final
  EXPECT_EQ(again.final_training.targets[1].training.weight_decay, 0.0002);
  EXPECT_EQ(again.final_training.targets[0].training.skip_easy, std::nullopt);  // that of final
  EXPECT_EQ(again.final_training.targets[1].training.skip_easy, 0.25);
  EXPECT_EQ(again.final_training.targets[0].training.plain_share, std::nullopt);  // that of final
  EXPECT_EQ(again.final_training.targets[1].training.plain_share, 0.2);
  EXPECT_EQ(again.final_training.targets[0].training.average_share, std::nullopt);  // of final
  EXPECT_EQ(again.final_training.targets[1].training.average_share, 0.3);
  EXPECT_EQ(again.final_training.targets[0].training.average_rate, std::nullopt);  // of final
  EXPECT_EQ(again.final_training.targets[1].training.average_rate, 0.2);
  EXPECT_EQ(again.final_training.targets[1].training.small_crop_share, 0.4);
  EXPECT_EQ(again.final_training.targets[0].training.padding, std::nullopt);  // that of data
  EXPECT_EQ(again.final_training.targets[1].training.padding, "reflect");
  EXPECT_EQ(again.final_training.targets[0].training.cutout, std::nullopt);  // that of data
  EXPECT_EQ(again.final_training.targets[1].training.cutout, 8);
  EXPECT_EQ(again.final_training.targets[1].training.crop_padding, std::nullopt);  // that of data
  EXPECT_EQ(again.final_training.targets[1].epochs, 0);  // those of final.epochs
}

TEST_F(RunConfigYaml, PathsAreTakenFromTheFolderOfTheFile) {
  const auto config = run_config_from_text("data: {directory: ../images}\n", "x.yaml", "/a/b");
  EXPECT_EQ(config.data.directory, "/a/images");
  EXPECT_EQ(config.out, fs::path(GIBBON_SOURCE_DIR) / "gibbon-run");
}

TEST_F(RunConfigYaml, MistakesAreShownWithTheirPlace) {
  EXPECT_EQ(error_of("seed: 1\nsearch:\n  iterations: ten\n"),
            "x.yaml:3: search.iterations: got 'ten', expected a whole number from 1 to 100000");
  EXPECT_THAT(
      error_of("seed: 1\nserach:\n  iterations: 2\n"),
      testing::StartsWith("x.yaml:2: serach: unknown key; did you mean 'search'? Allowed: "));
  EXPECT_THAT(error_of("search:\n  iteration: 2\n"),
              testing::StartsWith("x.yaml:2: search.iteration: unknown key; did you mean "
                                  "'iterations'? Allowed: searcher, iterations, "));
  EXPECT_EQ(error_of("search: 3\n"),
            "x.yaml:1: search: got '3', expected a map of keys and values");
  EXPECT_EQ(error_of("threads: 0\n"),
            "x.yaml:1: threads: got '0', expected a whole number from 1 to 1024");
  EXPECT_EQ(error_of("threads: many\n"),
            "x.yaml:1: threads: got 'many', expected a whole number from 1 to 1024, or auto");
  EXPECT_EQ(error_of("objective: {metrics: []}\n"),
            "x.yaml:1: objective.metrics: the list is empty");
  EXPECT_EQ(error_of("final: {muon_rate: 1}\n"),
            "x.yaml:1: final.muon_rate: got '1', expected a number from 0 to 0.99");
  EXPECT_EQ(error_of("final: {skip_easy: 1}\n"),
            "x.yaml:1: final.skip_easy: got '1', expected a number from 0 to 0.9");
  EXPECT_EQ(error_of("final: {plain_share: 1.1}\n"),
            "x.yaml:1: final.plain_share: got '1.1', expected a number from 0 to 1");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], plain_share: 1.1}]}\n"),
            "x.yaml:1: final.targets[0].plain_share: got '1.1', expected a number from 0 to 1");
  EXPECT_EQ(error_of("final: {average_share: -1}\n"),
            "x.yaml:1: final.average_share: got '-1', expected a number from 0 to 1");
  EXPECT_EQ(error_of("final: {average_rate: 1.5}\n"),
            "x.yaml:1: final.average_rate: got '1.5', expected a number from 0 to 1");
  EXPECT_EQ(error_of("data: {flip: sometimes}\n"),
            "x.yaml:1: data.flip: got 'sometimes', expected one of false, true, alternating");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], average_share: 2}]}\n"),
            "x.yaml:1: final.targets[0].average_share: got '2', expected a number from 0 to 1");
  EXPECT_EQ(error_of("final: {targets: [{within: []}]}\n"),
            "x.yaml:1: final.targets[0].within: the list is empty");
  EXPECT_THAT(error_of("final: {targets: [{epochs: 2}]}\n"), testing::HasSubstr("within"));
  EXPECT_THAT(error_of("final: {targets: [{within: [power_w <= 2], epoch: 2}]}\n"),
              testing::HasSubstr("did you mean 'epochs'?"));
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], crop_padding: 65}]}\n"),
            "x.yaml:1: final.targets[0].crop_padding: got '65', expected a whole number from 0 to "
            "64");
  EXPECT_EQ(
      error_of("final: {targets: [{within: [power_w <= 2], cutout: 1025}]}\n"),
      "x.yaml:1: final.targets[0].cutout: got '1025', expected a whole number from 0 to 1024");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], padding: black}]}\n"),
            "x.yaml:1: final.targets[0].padding: got 'black', expected one of zero, reflect");
  EXPECT_EQ(error_of("data: {padding: black}\n"),
            "x.yaml:1: data.padding: got 'black', expected one of zero, reflect");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], skip_easy: 0.91}]}\n"),
            "x.yaml:1: final.targets[0].skip_easy: got '0.91', expected a number from 0 to 0.9");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], genes: [1]}]}\n"),
            "x.yaml:1: final.targets[0].genes: got a list, expected a map of genes and values");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], genes: {a: b}}]}\n"),
            "x.yaml:1: final.targets[0].genes.a: got 'b', expected a number from 0 to 1000000");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], teacher_weight: 1.5}]}\n"),
            "x.yaml:1: final.targets[0].teacher_weight: got '1.5', expected a number from 0 to 1");
  EXPECT_EQ(error_of("final: {targets: [{within: [power_w <= 2], weight_decay: -1}]}\n"),
            "x.yaml:1: final.targets[0].weight_decay: got '-1', expected a number from 0 to 1");
  EXPECT_EQ(error_of("search: {settings: 1}\n"),
            "x.yaml:1: search.settings: got '1', expected a map of keys and values");
  EXPECT_THAT(error_of("seed: 1\nspace: gibon\n"),
              testing::StartsWith("x.yaml:2: space: unknown search space 'gibon'; did you mean "
                                  "'gibbon'? Shipped: "));
  EXPECT_EQ(error_of("space: other/none.yaml\n"),
            std::string("x.yaml:1: space: search space file ") + GIBBON_SOURCE_DIR +
                "/other/none.yaml does not exist");
  EXPECT_EQ(error_of("space: presets/spaces\n"),
            std::string("x.yaml:1: space: search space file ") + GIBBON_SOURCE_DIR +
                "/presets/spaces is a folder");
}

TEST_F(RunConfigYaml, UnknownNamesAreShownWithTheirPlaceAndTheKnownOnes) {
  EXPECT_EQ(
      error_of("seed: 1\nsearch: {searcher: nsga3}\n"),
      "x.yaml:2: search.searcher: got 'nsga3', expected one of esapp, esapp-no-priority, cars, "
      "linas, nsga2, regularized-evolution, random; did you mean 'nsga2'?");
  EXPECT_EQ(error_of("predictor: {model: svr}\n"),
            "x.yaml:1: predictor.model: got 'svr', expected one of lstm, ridge");
  EXPECT_THAT(error_of("simulation: {model: mnsim3}\n"),
              testing::AllOf(testing::StartsWith("x.yaml:1: simulation.model: got 'mnsim3', "
                                                 "expected one of mnsim2, mnsim2-corrected"),
                             testing::EndsWith("; did you mean 'mnsim2'?")));
  EXPECT_THAT(
      error_of("data: {dataset: cifar11}\n"),
      testing::StartsWith("x.yaml:1: data.dataset: got 'cifar11', expected one of cifar10"));
  EXPECT_EQ(error_of("explore: all\n"),
            "x.yaml:1: explore: got 'all', expected one of network, hardware, both");
  EXPECT_EQ(error_of("objective:\n  metrics:\n    - accuracy\n    - latncy\n"),
            "x.yaml:4: objective.metrics[1]: unknown metric 'latncy'; did you mean 'latency'? "
            "(allowed: accuracy, latency, energy, edp, area, power)");
  EXPECT_EQ(error_of("objective: {constraints: [\"area_mm2 = 20\"]}\n"),
            "x.yaml:1: objective.constraints[0]: constraint 'area_mm2 = 20': it has no <= or >=; "
            "write it as \"area_mm2 <= 20\" or \"accuracy >= 80\"");
  EXPECT_THAT(error_of("final: {targets: [{within: [aera <= 2]}]}\n"),
              testing::StartsWith("x.yaml:1: final.targets[0].within[0]: unknown metric 'aera'"));
}

TEST_F(RunConfigYaml, ImagesOfADesignComeFromTheValidationImages) {
  EXPECT_EQ(error_of("data: {validation_images: 100}\nsimulation: {images: 100}\n"), "no error");
  EXPECT_EQ(error_of("data: {validation_images: 100}\nsimulation: {images: 101}\n"),
            "x.yaml:2: simulation.images: got 101, which is more than data.validation_images, 100");
  EXPECT_EQ(error_of("data: {validation_images: 100}\n"),
            "x.yaml:1: data.validation_images: simulation.images: got 1000, which is more than "
            "data.validation_images, 100");
}

TEST_F(RunConfigYaml, ImagesThatFitADesignComeFromTheCalibrationImages) {
  EXPECT_EQ(error_of("supernet: {calibration_images: 64}\nsimulation: {fit_images: 64}\n"),
            "no error");
  EXPECT_EQ(error_of("supernet: {calibration_images: 64}\nsimulation: {fit_images: 65}\n"),
            "x.yaml:2: simulation.fit_images: got 65, which is more than "
            "supernet.calibration_images, 64");
}

TEST_F(RunConfigYaml, EveryKeyBelongsToASectionAndStandsOnce) {
  std::set<std::string> names;
  std::set<std::string_view> sections;
  for (const ConfigSection& section : run_config_sections()) sections.insert(section.name);
  for (const ConfigKey& key : run_config_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
    const auto dot = key.name.find('.');
    EXPECT_TRUE(sections.contains(dot == std::string::npos ? "" : key.name.substr(0, dot)));
  }
}

TEST_F(RunConfigYaml, ShippedRunsAreRead) {
  int count = 0;
  for (const auto& file : fs::directory_iterator("presets/runs")) {
    EXPECT_EQ(load_run_config(file.path()).name, file.path().stem().string());
    ++count;
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace gibbon::app
