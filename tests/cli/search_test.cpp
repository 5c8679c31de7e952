// The program as a user runs it: a search that is killed again and again and still ends as it
// should.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/tiny_images.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Ended {
  int status = 0;
  bool killed = false;
  std::string output;  ///< standard output and error together
};

/// Starts the program; kills it with SIGKILL after `kill_after_ms` unless negative.
Ended run_program(const std::vector<std::string>& arguments, const fs::path& log,
                  int kill_after_ms = -1) {
  const pid_t child = fork();
  if (child == 0) {
    const int descriptor = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(descriptor, STDOUT_FILENO);
    dup2(descriptor, STDERR_FILENO);
    std::vector<char*> argv{const_cast<char*>(GIBBON_PROGRAM)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(GIBBON_PROGRAM, argv.data());
    _exit(127);
  }
  Ended ended;
  int status = 0;
  if (kill_after_ms >= 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kill_after_ms));
    kill(child, SIGKILL);
  }
  waitpid(child, &status, 0);
  ended.killed = WIFSIGNALED(status);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ended.output = base::read_file(log);
  return ended;
}

class SearchProgram : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("gibbon-cli-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "images");
    test::write_tiny_images(folder_ / "images", "train", 400);
    test::write_tiny_images(folder_ / "images", "t10k", 100);
    std::ofstream(folder_ / "space.yaml") << R"(name: tiny
stem_channels: 4
stage_blocks: [[1], [1, 2]]
channels: [4, 8]
kernels: [1, 2, 3]
groups: [1, 2]
weight_bits: [5, 9]
activation_bits: [5, 9]
crossbar_sizes: [32, 64]
adc_bits: [6, 8]
dac_bits: [1, 2]
cell_bits: [1]
wordline_shares: [0.5, 1]
bitline_shares: [1]
)";
    std::ofstream(folder_ / "run.yaml") << R"(name: tiny
seed: 5
threads: 1
space: space.yaml
data:
  dataset: mnist
  directory: images
  validation_images: 100
supernet:
  steps: 12
  steps_per_iteration: 2
  batch_size: 16
  calibration_images: 32
search:
  iterations: 4
  designs_per_iteration: 4
  initial_designs: 8
predictor:
  hidden: 8
  epochs: 3
simulation:
  images: 50
final:
  designs: 3
  epochs: 1
  test_images: 50
)";
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ended search(const std::string& out, std::vector<std::string> more = {}, int kill_after_ms = -1) {
    std::vector<std::string> arguments{"search", "--config", (folder_ / "run.yaml").string(),
                                       "--out", (folder_ / out).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments, folder_ / "log", kill_after_ms);
  }
  Ended resume(const std::string& out, int kill_after_ms = -1) {
    return run_program({"search", "--resume", (folder_ / out).string()}, folder_ / "log",
                       kill_after_ms);
  }
  std::string content(const std::string& path) { return base::read_file(folder_ / path); }

  fs::path folder_;
};

TEST_F(SearchProgram, LeavesTheWholeRunFolder) {
  const Ended ended = search("run");
  ASSERT_EQ(ended.status, 0) << ended.output;
  for (const char* name :
       {"config.yaml", "run.db", "candidates.csv", "pareto.csv", "summary.json", "report.html",
        "layers/01.csv", "hardware/01.json", "models/01.gibbon"}) {
    EXPECT_TRUE(fs::exists(folder_ / "run" / name)) << name;
  }
  const base::Json summary = base::Json::parse(content("run/summary.json"));
  EXPECT_EQ(summary.dump().find("null"), std::string::npos) << summary.dump(1);
  for (const char* key :
       {"accuracy_top1", "latency_ms", "energy_mj", "edp_ms_mj", "area_mm2", "power_w"}) {
    EXPECT_THAT(summary.dump(), HasSubstr(key));
  }
}

TEST_F(SearchProgram, LeavesCurvesForTensorBoardIfAsked) {
  ASSERT_EQ(search("run", {"--tensorboard"}).status, 0);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_ / "run/tensorboard")) {
    files.push_back(entry.path());
  }
  ASSERT_EQ(files.size(), 1u);
  const std::string events = base::read_file(files.front());
  for (const char* curve : {"supernet/loss", "search/hypervolume", "final 01/learning_rate"}) {
    EXPECT_THAT(events, HasSubstr(curve));
  }
}

TEST_F(SearchProgram, ADesignsFilesSimulateToTheFiguresOfTheRun) {
  ASSERT_EQ(search("run").status, 0);
  const base::Json summary = base::Json::parse(content("run/summary.json"));
  for (const base::Json& design : summary.at("designs")) {
    const auto id = design.at("id").get<std::string>();
    const Ended ended = run_program(
        {"simulate", "--json", "--network", (folder_ / "run/models" / (id + ".gibbon")).string(),
         "--hardware", (folder_ / "run/hardware" / (id + ".json")).string(), "--accuracy",
         "--dataset", "mnist", "--data", (folder_ / "images").string(), "--images", "50"},
        folder_ / "log");
    ASSERT_EQ(ended.status, 0) << ended.output;
    const base::Json again = base::Json::parse(ended.output).at("summary");
    for (const char* key : {"latency_ms", "energy_mj", "area_mm2", "power_w", "accuracy_top1"}) {
      EXPECT_DOUBLE_EQ(again.at(key).get<double>(), design.at(key).get<double>()) << id << key;
    }
  }
}

TEST_F(SearchProgram, KilledAgainAndAgainEndsWithTheFrontOfAnUnbrokenRun) {
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(search("unbroken").status, 0);
  const std::chrono::duration<double, std::milli> whole = std::chrono::steady_clock::now() - start;
  constexpr std::uint64_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  base::Rng rng(kSeed);
  // At a random moment between the first and the last tenth of an unbroken run.
  const auto delay = [&] { return static_cast<int>(whole.count() * (0.1 + 0.8 * rng.uniform())); };
  int kills_that_left_a_store = 0;
  Ended ended = search("killed", {}, delay());
  for (int round = 0; ended.killed && round < 60; ++round) {
    if (!fs::exists(folder_ / "killed" / "run.db")) {
      fs::remove_all(folder_ / "killed");
      ended = search("killed", {}, delay());
      continue;
    }
    ++kills_that_left_a_store;
    // A little later each time, so that even a machine that slows down gets to the end.
    ended = resume("killed", delay() + 20 * round);
  }
  ASSERT_EQ(ended.status, 0) << ended.output;
  EXPECT_GT(kills_that_left_a_store, 0) << "no kill met a run under way: nothing was tested";
  EXPECT_EQ(content("killed/pareto.csv"), content("unbroken/pareto.csv"));
  EXPECT_EQ(content("killed/candidates.csv"), content("unbroken/candidates.csv"));
}

TEST_F(SearchProgram, IsTheSameBitForBitWithTheSameSeed) {
  ASSERT_EQ(search("first").status, 0);
  ASSERT_EQ(search("second").status, 0);
  EXPECT_EQ(content("first/candidates.csv"), content("second/candidates.csv"));
  EXPECT_EQ(content("first/pareto.csv"), content("second/pareto.csv"));
}

TEST_F(SearchProgram, GoesOnOnlyWithTheSpaceTheChipAndTheSeedThatItBeganWith) {
  std::ofstream(folder_ / "chip.yaml") << "name: chip\n";
  std::ofstream(folder_ / "space.yaml", std::ios::app) << "hardware: chip.yaml\n";
  ASSERT_EQ(search("run").status, 0);
  const std::string config = content("run/config.yaml");
  EXPECT_EQ(resume("run").status, 0);

  std::ofstream(folder_ / "chip.yaml") << "name: chip\ndigital: {frequency_mhz: 100}\n";
  const Ended other_chip = resume("run");
  EXPECT_EQ(other_chip.status, 1);
  EXPECT_THAT(other_chip.output, HasSubstr("makes other networks or chips than when the run in"));
  EXPECT_THAT(other_chip.output, HasSubstr((folder_ / "space.yaml").string()));
  const Ended table = run_program(
      {"tabulate", (folder_ / "run").string(), "--out", (folder_ / "designs.csv").string()},
      folder_ / "log");
  EXPECT_EQ(table.status, 1);
  EXPECT_THAT(table.output, HasSubstr("makes other networks or chips"));
  std::ofstream(folder_ / "chip.yaml") << "name: chip\n";

  const Ended seeded = run_program(
      {"search", "--resume", (folder_ / "run").string(), "--seed", "6"}, folder_ / "log");
  EXPECT_EQ(seeded.status, 1);
  EXPECT_THAT(seeded.output, HasSubstr("--seed 6: the run in "));
  for (const char* seed : {"-1", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_THAT(search("seeded", {"--seed", seed}).output, HasSubstr("9223372036854775807"));
  }

  std::string reseeded = config;
  const std::string line = "seed: 5\n";
  ASSERT_NE(reseeded.find(line), std::string::npos);
  std::ofstream(folder_ / "run/config.yaml")
      << reseeded.replace(reseeded.find(line), line.size(), "seed: 6\n");
  EXPECT_THAT(resume("run").output, HasSubstr("seed is 6, but the run began with 5"));
  std::ofstream(folder_ / "run/config.yaml") << config;
  EXPECT_EQ(resume("run").status, 0);
}

TEST_F(SearchProgram, LeavesNoFolderWhereTheImagesAreTooFew) {
  std::string config = content("run.yaml");
  const std::string images = "validation_images: 100";
  config.replace(config.find(images), images.size(), "validation_images: 400");
  std::ofstream(folder_ / "run.yaml") << config;
  const Ended ended = search("run");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("data.validation_images: 400 of the 400 training images"));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(SearchProgram, RefusesAFolderThatHoldsARun) {
  ASSERT_EQ(search("run").status, 0);
  const Ended again = search("run");
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.output, HasSubstr("--resume"));
}

TEST_F(SearchProgram, SaysWhatIsClosestWhereNothingIsFeasible) {
  const Ended ended = search("run", {"--constraint", "area_mm2 <= 0.0001"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("no feasible design; closest is "));
}

TEST_F(SearchProgram, NamesWhatIsWrongWithAConstraintASpaceAndImages) {
  EXPECT_THAT(search("a", {"--constraint", "aera <= 3"}).output, HasSubstr("area"));
  EXPECT_THAT(search("b", {"--space", "no-such-space"}).output, HasSubstr("no-such-space"));
  EXPECT_THAT(search("c", {"--data", "/nowhere"}).output, HasSubstr("/nowhere"));
  EXPECT_THAT(search("d", {"--searcher", "esap"}).output, HasSubstr("esapp"));
  for (const char* out : {"a", "b", "c", "d"}) EXPECT_FALSE(fs::exists(folder_ / out)) << out;
}

TEST_F(SearchProgram, SaysWhenTheRunFolderCannotBeMade) {
  const Ended ended = run_program(
      {"search", "--config", (folder_ / "run.yaml").string(), "--out", "/proc/gibbon-run"},
      folder_ / "log");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("/proc/gibbon-run"));
}

TEST_F(SearchProgram, ARunsDesignsAreRankedAgainstTrainingsAlone) {
  ASSERT_EQ(search("ranked").status, 0) << content("log");
  const auto rank = [&](const std::string& epochs, const std::string& trainings = "1") {
    return run_program(
               {"reproduce", "ranking", "--run", (folder_ / "ranked").string(), "--designs", "3",
                "--epochs", epochs, "--trainings", trainings, "--out", (folder_ / "r").string()},
               folder_ / "log")
        .status;
  };
  ASSERT_EQ(rank("0.5"), 0) << content("log");
  EXPECT_THAT(content("log"), testing::HasSubstr("3 random designs"));
  EXPECT_THAT(content("r/ranking-designs.csv"),
              testing::StartsWith("genome,bit_operations,one_shot_top1,alone_top1\n"));
  fs::remove(folder_ / "r/ranking/design-002-training-1.json");
  const auto kept = fs::last_write_time(folder_ / "r/ranking/design-001.json");
  ASSERT_EQ(rank("0.5"), 0) << content("log");
  EXPECT_EQ(fs::last_write_time(folder_ / "r/ranking/design-001.json"), kept);
  EXPECT_TRUE(fs::exists(folder_ / "r/ranking/design-002-training-1.json"));
  ASSERT_EQ(rank("0.5", "2"), 0) << content("log");
  EXPECT_THAT(content("log"), testing::HasSubstr("of one training alone with another"));
  EXPECT_EQ(fs::last_write_time(folder_ / "r/ranking/design-001.json"), kept);
  EXPECT_TRUE(fs::exists(folder_ / "r/ranking/design-003-training-2.json"));
  EXPECT_THAT(content("r/ranking-designs.csv"),
              testing::StartsWith("genome,bit_operations,one_shot_top1,alone_top1,alone_top1_1,"
                                  "alone_top1_2\n"));
  EXPECT_NE(rank("1"), 0);
  EXPECT_THAT(content("log"), testing::HasSubstr("other settings"));
}

}  // namespace
}  // namespace gibbon
