// The commands that need no libtorch, as a user runs them: exit statuses, messages, JSON, columns.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"

namespace gibbon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

struct Ran {
  int status = 0;
  std::string output;
  std::string errors;
};

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    fs::current_path(GIBBON_SOURCE_DIR);
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// Through the shell; `arguments` must be quoted as it needs.
  Ran run(const std::string& arguments) const {
    const std::string out = (folder_ / "out").string();
    const std::string err = (folder_ / "err").string();
    const std::string line =
        std::string(GIBBON_PROGRAM) + " " + arguments + " >" + out + " 2>" + err;
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, base::read_file(out),
            base::read_file(err)};
  }
  base::Json json_of(const std::string& arguments) const {
    const Ran ran = run(arguments + " --json");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    return base::Json::parse(ran.output);
  }
  fs::path write(const std::string& name, const std::string& text) const {
    base::write_file_atomically(folder_ / name, text);
    return folder_ / name;
  }

  fs::path folder_ = fs::temp_directory_path() / ("gibbon-cli-" + std::to_string(getpid()));
};

TEST_F(Commands, VersionAndHelpSucceed) {
  EXPECT_THAT(run("--version").output, testing::MatchesRegex("gibbon [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  const Ran help = run("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* command : {"search", "train", "simulate", "report", "space", "data", "list",
                              "config", "verify", "reproduce"}) {
    EXPECT_THAT(help.output, HasSubstr(std::string("\n  ") + command + " "));
  }
}

TEST_F(Commands, WrongUsageIsStatus2) {
  const std::string hint = "\nTry 'gibbon --help'.\n";
  EXPECT_EQ(run("").status, 2);
  const Ran unknown = run("simulat");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.errors, "gibbon: unknown command 'simulat'; did you mean 'simulate'?" + hint);
  EXPECT_EQ(run("--sed 1 list").errors, "gibbon: unknown option '--sed'" + hint);
  EXPECT_EQ(run("simulate").errors, "gibbon: --network is required" + hint);
  EXPECT_EQ(run("simulate").status, 2);
  EXPECT_EQ(run("--threads 0 list").status, 2);
  EXPECT_EQ(run("config --space --hardware").status, 2);
  EXPECT_EQ(run("list planets").status, 2);
  EXPECT_EQ(run("reproduce").status, 2);
  EXPECT_EQ(run("reproduce epim-crossbar").status, 2);
}

TEST_F(Commands, UserErrorsAreStatus1WithOneLine) {
  for (
      const auto& [arguments, message] :
      {std::pair{"simulate --network lenet-fashon",
                 "gibbon: unknown network 'lenet-fashon'; did you mean 'lenet-fashion'? Shipped: "},
       {"simulate --network lenet-fashion --accuracy",
        "gibbon: --accuracy needs a trained network (MODEL.gibbon), lenet-fashion has no weights"},
       {"simulate --network lenet-fashion --model digital_cim --hardware mnsim-default",
        "gibbon: hardware 'mnsim-default' has no section digital_cim"},
       {"simulate --network lenet-fashion --hardware digital-cim",
        "gibbon: hardware 'digital-cim' has a section digital_cim alone, which only the cost model "
        "digital_cim reads"},
       {"simulate --network lenet-fashion --roofline a.svg",
        "gibbon: --roofline: the cost model mnsim2 has no memory hierarchy; use --model "
        "digital_cim"},
       {"simulate --network lenet-fashion --model digital_cim --roofline a.png",
        "gibbon: --roofline: a.png must end in .svg or .csv"},
       {"simulate --network lenet-fashion --model digital_cim --accuracy",
        "gibbon: --accuracy: digital_cim computes exactly"},
       {"simulate --network lenet-fashion --model mnsim3", "gibbon: "},
       {"simulate --network lenet-fashion --csv --json", "gibbon: --csv and --json exclude"},
       {"simulate --network lenet-fashion --explain speed",
        "gibbon: --explain: unknown quantity 'speed'; allowed are latency, energy, area, power\n"},
       {"simulate --network lenet-fashion --explain area:fc3",
        "gibbon: --explain: unknown layer 'fc3'; did you mean 'fc1'?; the model's layers: "},
       {"space show none.yaml", "gibbon: search space file "},
       {"data info moon", "gibbon: "},
       {"data get moon", "gibbon: "},
       {"report /no/such/run", "gibbon: "},
       {"verify /no/such/folder", "gibbon: /no/such/folder is not a folder\n"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.status, 1) << arguments;
    EXPECT_EQ(ran.output, "") << arguments;
    EXPECT_THAT(ran.errors, StartsWith(message));
    EXPECT_EQ(std::count(ran.errors.begin(), ran.errors.end(), '\n'), 1) << ran.errors;
  }
}

TEST_F(Commands, AFullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string line =
      std::string(GIBBON_PROGRAM) + " list commands >/dev/full 2>" + (folder_ / "err").string();
  const int status = std::system(line.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(base::read_file(folder_ / "err"), "gibbon: cannot write to standard output\n");
}

TEST_F(Commands, AFullDiskIsAnErrorForJsonToo) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string line = std::string(GIBBON_PROGRAM) +
                           " simulate --network vgg8-cifar10 --json >/dev/full 2>" +
                           (folder_ / "err").string();
  const int status = std::system(line.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(base::read_file(folder_ / "err"),
            "gibbon: cannot write to file: No space left on device\n");
}

TEST_F(Commands, TextFits80Columns) {
  for (const char* arguments :
       {"--help", "space show gibbon", "space show compact", "list", "list searchers",
        "list simulators", "list datasets", "list commands", "data list",
        "simulate --network resnet18-cifar10", "simulate --network vgg8-cifar10",
        "simulate --network lenet-fashion",
        "simulate --network vit-b16-imagenet --model digital_cim",
        "simulate --network lenet-fashion --explain latency",
        "simulate --network lenet-fashion --explain energy:conv1",
        "simulate --network lenet-fashion --compare-models", "reproduce epim-crossbars",
        "simulate --network resnet18-cifar10 --epitome 1024x256", "reproduce --help"}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_FALSE(ran.output.empty());
    std::istringstream lines(ran.output);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

/// The summary of MNSIM 2.0 itself for its VGG-8 on its default chip.
TEST_F(Commands, ASimulationGivesMnsimsFigures) {
  const base::Json json = json_of("simulate --network vgg8-cifar10 --hardware mnsim-default");
  const base::Json& summary = json["summary"];
  EXPECT_NEAR(summary["latency_ms"].get<double>(), 5.15185144571189, 1e-9);
  EXPECT_NEAR(summary["energy_mj"].get<double>(), 4.448843521209403, 1e-9);
  EXPECT_NEAR(summary["area_mm2"].get<double>(), 1390.3309935429137, 1e-6);
  EXPECT_NEAR(summary["power_w"].get<double>(), 219.72218327750815, 1e-7);
  const double tops = summary["tops"].get<double>();
  // Operations per joule: throughput x latency / energy; ms and mJ cancel.
  EXPECT_NEAR(summary["tops_per_w"].get<double>(), tops * 5.15185144571189 / 4.448843521209403,
              1e-12);
  EXPECT_NEAR(summary["tops_per_mm2"].get<double>(), tops / 1390.3309935429137, 1e-12);
  EXPECT_GT(summary["utilization"].get<double>(), 0);
  EXPECT_LE(summary["utilization"].get<double>(), 1);
}

/// The same of its ResNet-18.
TEST_F(Commands, ASimulationOfBranchesGivesMnsimsFigures) {
  const base::Json summary = json_of("simulate --network resnet18-cifar10")["summary"];
  EXPECT_NEAR(summary["latency_ms"].get<double>(), 2.9121776479249303, 1e-9);
  EXPECT_NEAR(summary["energy_mj"].get<double>(), 1.0575244402433375, 1e-9);
  EXPECT_NEAR(summary["area_mm2"].get<double>(), 2128.6744714802997, 1e-6);
  EXPECT_NEAR(summary["power_w"].get<double>(), 323.6241463924052, 1e-7);
}

TEST_F(Commands, AnExplanationAddsUpToTheFigure) {
  const std::string simulate = "simulate --network vgg8-cifar10 --model mnsim2-corrected";
  const base::Json explained = json_of(simulate + " --explain energy");
  double sum = 0;
  for (const base::Json& term : explained["terms"]) sum += term["value"].get<double>();
  const double energy_nj = json_of(simulate)["summary"]["energy_mj"].get<double>() * 1e6;
  EXPECT_NEAR(sum, energy_nj, 1e-9 * energy_nj);
  EXPECT_NEAR(explained["total"].get<double>(), energy_nj, 1e-9 * energy_nj);
}

TEST_F(Commands, TwoModelsAreCompared) {
  const base::Json json =
      json_of("simulate --network vgg8-cifar10 --model mnsim2-corrected --compare-models");
  EXPECT_EQ(json["models"], base::Json({"mnsim2-corrected", "mnsim2"}));
  EXPECT_EQ(json["totals"][0]["name"], "latency");
  EXPECT_NEAR(json["totals"][0]["second"].get<double>(), 5.15185144571189, 1e-9);  // MNSIM's own
  EXPECT_EQ(run("simulate --network vgg8-cifar10 --compare-models --explain area").status, 2);
}

TEST_F(Commands, HardwareThatIsTooSmallIsExplained) {
  const fs::path chip = write("chip.yaml", "chip: {tile_rows: 1, tile_columns: 1}\n");
  const Ran ran = run("simulate --network vgg8-cifar10 --hardware " + chip.string());
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.errors, StartsWith("gibbon: vgg8-cifar10 does not fit " + chip.string() + ": "));
}

TEST_F(Commands, FiguresBeyondAllMeasureAreAnError) {
  const fs::path chip = write("chip.yaml", "digital: {register_technology_nm: 1.0e300}\n");
  const Ran ran = run("simulate --network lenet-fashion --hardware " + chip.string());
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.output, "");
  EXPECT_THAT(ran.errors, StartsWith("gibbon: lenet-fashion on " + chip.string() + ": "));
  EXPECT_THAT(ran.errors, HasSubstr("beyond all measure"));
}

TEST_F(Commands, ANetworkThatNothingComputesIsAnError) {
  const fs::path network = write("relu.yaml",
                                 "name: r\ninput: {channels: 1, height: 2, width: 2}\n"
                                 "num_classes: 4\nlayers:\n  - {name: a, type: relu}\n");
  const Ran ran = run("simulate --network " + network.string());
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.errors, HasSubstr("has no layer that mnsim-default computes"));
}

TEST_F(Commands, AnOptionWithAnEmptyWordIsNotTakenForNone) {
  const Ran ran = run("simulate --network lenet-fashion --hardware ''");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.errors, StartsWith("gibbon: --hardware: is empty"));
}

TEST_F(Commands, CsvHasALineForEachLayerAndPart) {
  const Ran ran = run("simulate --network lenet-fashion --csv");
  EXPECT_EQ(ran.status, 0);
  std::istringstream lines(ran.output);
  std::string header;
  std::getline(lines, header);
  const auto columns = std::count(header.begin(), header.end(), ',');
  EXPECT_THAT(header, HasSubstr("energy_nj"));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), columns) << line;
  }
}

TEST_F(Commands, SpacesAreShownWithTheirSizes) {
  const base::Json json = json_of("space show gibbon");
  EXPECT_EQ(json["genes"], 159);
  EXPECT_EQ(json["slots"].size(), 12u);
  EXPECT_NEAR(json["log10_size"]["hardware"].get<double>(), 3.0103, 1e-4);
  EXPECT_NEAR(json["log10_size"]["all"].get<double>(), 60.7242 + 28.6273 + 3.0103, 1e-3);
  EXPECT_THAT(run("space show").output, HasSubstr("all           10^92.4"));
}

TEST_F(Commands, PrintedConfigurationsReadBack) {
  const fs::path hardware = write("h.yaml", run("config --hardware").output);
  EXPECT_EQ(run("simulate --network lenet-fashion --hardware " + hardware.string()).status, 0);
  const fs::path space = write("s.yaml", run("config --space").output);
  const Ran shown = run("space show " + space.string());
  EXPECT_EQ(shown.status, 0) << shown.errors;
  EXPECT_THAT(shown.output, HasSubstr("159 genes"));
}

/// EPIM's reason to search: uniform epitomes are slower than convolutions, searched ones are not.
/// Its smallest design has 428 crossbars, 30.65 times fewer than 13120.
void expect_layer_wise_design(const base::Json& designs) {
  ASSERT_EQ(designs.size(), 12u);
  const auto row = [&](const std::string& comparison, const std::string& design) {
    for (const base::Json& each : designs) {
      if (each["comparison"] == comparison && each["design"] == design) return each;
    }
    return base::Json();
  };
  for (const std::string comparison : {"9 bit", "3/5 bit"}) {
    const base::Json uniform = row(comparison, "uniform");
    EXPECT_GT(uniform["latency_ms"], row(comparison, "convolutions")["latency_ms"]);
    for (const std::string objective : {"latency", "energy", "edp"}) {
      const base::Json searched = row(comparison, "for " + objective);
      EXPECT_LE(searched["crossbars"], comparison == "9 bit" ? 1414 : 428);
      EXPECT_GE(searched["stored_weights"].get<double>(),
                0.9 * uniform["stored_weights"].get<double>());
      EXPECT_GT(searched["better_than_uniform"][objective], 1.4);
      EXPECT_LT(searched["latency_ms"], row(comparison, "convolutions")["latency_ms"]);
    }
  }
  const base::Json mixed = row("3/5 bit", "for edp");
  EXPECT_LE(mixed["crossbars"], 428);
  EXPECT_GE(mixed["compression"].get<double>(), 30.65);
  std::set<int> widths;
  for (const base::Json& layer : mixed["layers"]) widths.insert(layer["weight_bits"].get<int>());
  EXPECT_EQ(widths, std::set<int>({3, 5}));
}

/// EPIM (Wang et al., DAC 2024): 13120 and 22912 crossbars, and 5696 for uniform epitomes.
TEST_F(Commands, EpimsNumbersOfCrossbarsAreReproduced) {
  const base::Json json =
      json_of("reproduce epim-crossbars --out " + (folder_ / "designs").string());
  const base::Json& rows = json["crossbars"];
  ASSERT_EQ(rows.size(), 12u);
  const auto row = [&](const std::string& network, bool epitome, int bits) {
    for (const base::Json& each : rows) {
      if (each["network"] == network && each["epitome"].is_null() != epitome &&
          each["weight_bits"] == bits) {
        return each;
      }
    }
    return base::Json();
  };
  const base::Json resnet50 = row("resnet50-imagenet", false, 32);
  EXPECT_EQ(resnet50["crossbars"], 13120);
  EXPECT_EQ(resnet50["paper"]["crossbars"], 13120);
  EXPECT_NEAR(resnet50["utilization"].get<double>(), 0.9491, 5e-5);
  EXPECT_EQ(resnet50["compression"], 1.0);
  const base::Json resnet101 = row("resnet101-imagenet", false, 32);
  EXPECT_EQ(resnet101["crossbars"], 22912);
  EXPECT_NEAR(resnet101["utilization"].get<double>(), 0.9471, 5e-5);
  const base::Json epitome = row("resnet50-imagenet", true, 32);
  EXPECT_GE(epitome["crossbars"], 5632);
  EXPECT_LE(epitome["crossbars"], 5696);
  EXPECT_NEAR(epitome["compression"].get<double>(), 13120.0 / 5632, 1e-12);
  EXPECT_TRUE(row("resnet101-imagenet", true, 32)["paper"]["crossbars"].is_null());
  expect_layer_wise_design(json["designs"]);
  const base::Json saved =
      json_of("simulate --network resnet50-imagenet --hardware mnsim-default --epitome " +
              (folder_ / "designs/3-5-bit-for-edp.yaml").string());
  EXPECT_DOUBLE_EQ(saved["summary"]["edp_ms_mj"].get<double>(),
                   json["designs"].back()["edp_ms_mj"].get<double>());
  const std::string text = run("reproduce epim-crossbars").output;
  EXPECT_THAT(text, testing::ContainsRegex("resnet50 +conv, 32 bit +13120 +13120 +94.91 +94.9 "));
  EXPECT_THAT(text, testing::ContainsRegex("resnet101 +1024x256, 32 bit +12160 +- +97.24 +- "));
}

TEST_F(Commands, Table2SaysWhatItNeeds) {
  const std::string out = " --out " + (folder_ / "table2").string();
  EXPECT_EQ(run("reproduce table2" + out).errors,
            "gibbon: reproduce table2 needs --data DIR, the folder of CIFAR-10's binary files, or "
            "--run FOLDER of a finished run\n");
  const Ran nothing = run("reproduce table2 --data " + (folder_ / "none").string() + out);
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("the search ended early"));
  EXPECT_EQ(run("reproduce table2 --run " + (folder_ / "none").string() + out).status, 1);
}

TEST_F(Commands, EpitomeGenesAreHeldAgainstTheSpaceWithoutThem) {
  const std::string command =
      "reproduce joint --quick --seeds 2 --threads 2 --out " + (folder_ / "joint").string();
  const base::Json seeds = json_of(command)["tables"]["seeds"];
  ASSERT_EQ(seeds.size(), 2u);
  for (const base::Json& seed : seeds) {
    EXPECT_EQ(seed["designs"], 10);  // 6 and one iteration of 4
    EXPECT_GT(seed["joint_hypervolume"], 0);
    EXPECT_GT(seed["plain_hypervolume"], 0);
    EXPECT_NEAR(seed["difference"].get<double>(),
                seed["joint_hypervolume"].get<double>() - seed["plain_hypervolume"].get<double>(),
                1e-12);
  }
  EXPECT_NE(seeds[0]["joint_hypervolume"], seeds[1]["joint_hypervolume"]);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "joint" / "joint-runs" / "fashion-mnist-2"));
  // Quick runs mean nothing: they are not taken for others.
  const Ran whole = run("reproduce joint --seeds 2 --out " + (folder_ / "joint").string());
  EXPECT_EQ(whole.status, 1);
  EXPECT_THAT(whole.errors, HasSubstr("holds a run of other settings"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "joint" / "joint.html"));
  // What is done is not done again.
  EXPECT_EQ(json_of(command)["tables"]["seeds"], seeds);
  const Ran nothing = run("reproduce joint --quick --data " + (folder_ / "none").string() +
                          " --out " + (folder_ / "none").string());
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("the search ended early"));
}

/// resnet18-cifar10's last stages are larger than 1024 x 256.
TEST_F(Commands, EpitomesAreSimulated) {
  const base::Json plain = json_of("simulate --network resnet18-cifar10");
  const base::Json json = json_of("simulate --network resnet18-cifar10 --epitome 1024x256");
  EXPECT_FALSE(plain.contains("packed"));
  EXPECT_GT(json["packed"]["epitomes"].size(), 0u);
  EXPECT_LT(
      json["packed"]["crossbars"].get<int>(),
      json_of("simulate --network resnet18-cifar10 --epitome 99999x9999")["packed"]["crossbars"]
          .get<int>());
  EXPECT_NE(json["summary"]["latency_ms"], plain["summary"]["latency_ms"]);
  EXPECT_EQ(run("simulate --network resnet18-cifar10 --epitome 1024").status, 1);
  EXPECT_EQ(run("simulate --network resnet18-cifar10 --epitome 1x1 --compare-models").status, 2);
}

TEST_F(Commands, ListsAreJsonToo) {
  const base::Json searchers = json_of("list searchers");
  EXPECT_EQ(searchers[0]["name"], "esapp");
  EXPECT_FALSE(searchers[0]["summary"].get<std::string>().empty());
  const auto spaces = std::distance(fs::directory_iterator("presets/spaces"), {});
  EXPECT_EQ(json_of("list spaces").size(), static_cast<std::size_t>(spaces));
  EXPECT_EQ(json_of("list").size(), 8u);
}

TEST_F(Commands, PredictorsAreListedByTheOtherProgram) {
  EXPECT_GE(json_of("list predictors").size(), 1u);
}

TEST_F(Commands, CommandsOfTheOtherProgramHelpAndComplain) {
  const Ran help = run("search --help");
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("--config"));
  const Ran ran = run("--seed 3 search --no-such-option");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.errors, StartsWith("gibbon: "));
}

TEST_F(Commands, ReferenceCasesAreVerified) {
  const fs::path cases = fs::path(GIBBON_SOURCE_DIR) / "../shared/mnsim";
  if (!fs::exists(cases / "hardware")) GTEST_SKIP() << "no reference cases in " << cases;
  fs::create_directories(folder_ / "hardware");
  fs::copy(cases / "hardware/micro_adc1.json", folder_ / "hardware");
  const Ran ran = run("verify " + folder_.string());
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.output, StartsWith("passed  hardware  micro_adc1"));
  EXPECT_THAT(ran.output, testing::EndsWith("\n1 passed, 0 failed\n"));
}

TEST_F(Commands, ReferenceCasesThatFailAreStatus1) {
  EXPECT_EQ(run("verify " + folder_.string()).errors,
            "gibbon: " + folder_.string() + " holds no hardware/*.json or accuracy/*.json\n");
  fs::create_directories(folder_ / "hardware");
  write("hardware/broken.json", "{");
  const Ran ran = run("verify " + folder_.string());
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output, StartsWith("FAILED  hardware  broken"));
  EXPECT_THAT(ran.output, testing::EndsWith("\n0 passed, 1 failed\n"));
}

TEST_F(Commands, DataSetsAreCounted) {
  if (!fs::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "no Fashion-MNIST here";
  const base::Json json = json_of("data info fashion-mnist");
  EXPECT_EQ(json["train"]["images"], 60000);
  EXPECT_EQ(json["test"]["images_by_class"], base::Json(std::vector<int>(10, 1000)));
}

}  // namespace
}  // namespace gibbon
