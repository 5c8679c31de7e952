// `gibbon reproduce epim` on images of 8x8: the rows, and that a second call goes on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "cli/program_test.hpp"
#include "cli/tiny_images.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"

namespace gibbon {
namespace {

class ReproduceEpim : public test::ProgramTest {
 protected:
  ReproduceEpim() : ProgramTest("epim") {}

  void SetUp() override {
    test::write_tiny_images(folder_, "train", 256);
    test::write_tiny_images(folder_, "t10k", 100);
  }

  int reproduce(const std::string& more = "") const {
    return run("--json reproduce epim --dataset mnist --data " + folder_.string() +
               " --width 4 --rule 32x8 --quick --out " + (folder_ / "out").string() + more);
  }
  std::filesystem::path row(const std::string& file) const { return folder_ / "out/epim" / file; }
};

TEST_F(ReproduceEpim, TrainsEveryRowAndGoesOnWhereItWasStopped) {
  ASSERT_EQ(reproduce(), 0) << output();
  const base::Json figure = base::Json::parse(output());
  const base::Json& rows = figure.at("tables").at("rows");
  ASSERT_EQ(rows.size(), 17u) << rows.dump(1);
  // The best of the three rows of convolutions is the baseline.
  const auto lost = [&](std::size_t i) { return rows[i].at("points_lost").get<double>(); };
  EXPECT_EQ(std::min({lost(0), lost(1), lost(2)}), 0);
  const base::Json first = base::Json::parse(base::read_file(row("conv-fp32.json")));
  EXPECT_EQ(first.at("weights"), "32 bit (float)");
  EXPECT_EQ(first.at("factor"), 1.0);
  EXPECT_GT(first.at("energy_mj").get<double>(), 0);
  EXPECT_THAT(base::read_file(row("searched-9-bit.yaml")), testing::StartsWith("layers:\n"));

  std::filesystem::remove(row("searched-3-bit.json"));
  const auto kept = std::filesystem::last_write_time(row("searched-5-bit.gibbon"));
  ASSERT_EQ(reproduce(), 0) << output();
  EXPECT_TRUE(std::filesystem::exists(row("searched-3-bit.json")));
  EXPECT_EQ(std::filesystem::last_write_time(row("searched-5-bit.gibbon")), kept);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out" / "epim-rows.csv"));

  base::write_file_atomically(row("conv-9-bit.json"), "{\"accuracy\": 4");
  EXPECT_NE(reproduce(), 0);
  EXPECT_THAT(output(), testing::HasSubstr(row("conv-9-bit.json").string() + ": is damaged; "));

  EXPECT_NE(reproduce(" --seed 9"), 0);
  EXPECT_THAT(output(), testing::HasSubstr("holds rows of other settings"));
}

}  // namespace
}  // namespace gibbon
