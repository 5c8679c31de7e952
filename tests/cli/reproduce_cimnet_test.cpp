// `gibbon reproduce cimnet` on images of 8x8: the arms, and that a second call goes on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "cli/program_test.hpp"
#include "cli/tiny_images.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"

namespace gibbon {
namespace {

using testing::HasSubstr;

class ReproduceCimnet : public test::ProgramTest {
 protected:
  ReproduceCimnet() : ProgramTest("cimnet-arms") {}

  void SetUp() override {
    std::filesystem::current_path(GIBBON_SOURCE_DIR);
    test::write_tiny_images(folder_, "train", 400);
    test::write_tiny_images(folder_, "t10k", 100);
  }

  int reproduce(const std::string& more) const { return reproduce_on(folder_, more); }
  int reproduce_on(const std::filesystem::path& data, const std::string& more) const {
    return run("reproduce cimnet --dataset mnist --data " + data.string() + " --quick --out " +
               (folder_ / "out").string() + " " + more);
  }
  std::filesystem::path result(const std::string& file) const {
    return folder_ / "out/cimnet" / file;
  }
  base::Json arms() const {
    return base::Json::parse(base::read_file(folder_ / "out/cimnet.json")).at("tables").at("arms");
  }
};

TEST_F(ReproduceCimnet, ComparesTheArmsOfBothSpacesAndGoesOnWhereItWasStopped) {
  ASSERT_EQ(reproduce("--fine-tune 0.1"), 0) << output();
  EXPECT_THAT(output(), HasSubstr("cimnet-vit-cifar\n\narm "));
  EXPECT_THAT(output(), HasSubstr("cimnet-cnn-cifar\n\narm "));
  EXPECT_THAT(output(), HasSubstr("both, on-chip "));
  const base::Json table = arms();
  ASSERT_EQ(table.size(), 2u * 6u) << table.dump(1);
  for (const base::Json& row : table) {
    EXPECT_EQ(row["seeds"], row["arm"] == "baseline" ? 1 : 2);
    EXPECT_LE(row["least_latency_ms"], row["latency_ms"]);
    EXPECT_LE(row["latency_ms"], row["most_latency_ms"]);
    const base::Json& baseline = row["space"] == "vit" ? table[0] : table[6];
    EXPECT_LE(row["area_mm2"], baseline["area_mm2"]);
    EXPECT_GE(row["validation_accuracy"].get<double>(),
              baseline["validation_accuracy"].get<double>() - 0.5);
    EXPECT_GE(row["speed_up"].get<double>(), 1);
    EXPECT_TRUE(row["test_accuracy"].is_number());
    EXPECT_TRUE(row["fine_tuned_test_accuracy"].is_number());
  }
  EXPECT_EQ(table[1]["paper_speed_up"], 1.7);
  EXPECT_EQ(table[5]["paper_speed_up"], 3.1);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/cimnet-arms.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/cimnet-genes-cnn.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/cimnet.html"));

  // Weights and accuracies are kept; what is missing is measured again, and the same.
  const auto trained = std::filesystem::last_write_time(result("vit/supernet.pt"));
  const base::Json measured = base::Json::parse(base::read_file(result("vit/accuracies.json")));
  base::Json fewer = measured;
  for (const char* kind : {"screening", "judging"}) fewer[kind].erase(fewer[kind].begin());
  base::write_file_atomically(result("vit/accuracies.json"), fewer.dump());
  ASSERT_EQ(reproduce("--space vit --fine-tune 0.1"), 0) << output();
  EXPECT_EQ(std::filesystem::last_write_time(result("vit/supernet.pt")), trained);
  const base::Json again = base::Json::parse(base::read_file(result("vit/accuracies.json")));
  EXPECT_EQ(nlohmann::json(again), nlohmann::json(measured));
  EXPECT_EQ(arms(), base::Json(std::vector<base::Json>(table.begin(), table.begin() + 6)));

  EXPECT_NE(reproduce("--space vit --seed 9"), 0);
  EXPECT_THAT(output(), HasSubstr("holds rows of other settings"));

  base::write_file_atomically(result("vit/accuracies.json"), "{\"validation\": {");
  EXPECT_NE(reproduce("--space vit"), 0);
  EXPECT_THAT(output(), HasSubstr(result("vit/accuracies.json").string() + ": is damaged; "));
  std::filesystem::remove(result("vit/accuracies.json"));
  base::write_file_atomically(result("vit/supernet.pt"), "half");
  EXPECT_NE(reproduce("--space vit"), 0);
  EXPECT_THAT(output(), HasSubstr(result("vit/supernet.pt").string() + ": is not a supernet"));
}

TEST_F(ReproduceCimnet, SaysWhatItRefuses) {
  EXPECT_NE(reproduce_on(folder_ / "nowhere", ""), 0);
  EXPECT_THAT(output(), HasSubstr((folder_ / "nowhere").string()));
  EXPECT_NE(reproduce("--seeds 0"), 0);
  EXPECT_THAT(output(), HasSubstr("--seeds: Value 0 not in range"));
  EXPECT_NE(reproduce("--space rnn"), 0);
  EXPECT_THAT(output(), HasSubstr("--space: rnn not in {vit,cnn,both}"));
  EXPECT_NE(reproduce("--fine-tune -1"), 0);
  EXPECT_THAT(output(), HasSubstr("--fine-tune"));
}

}  // namespace
}  // namespace gibbon
