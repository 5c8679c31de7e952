#include "gibbon/app/commands/reproduce_cimnet_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/app/config/cimnet_space_yaml.hpp"
#include "gibbon/app/config/presets.hpp"

namespace gibbon::app {
namespace {

using study::CimnetArm;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class CimnetPage : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::current_path(GIBBON_SOURCE_DIR);
    space_ = std::make_unique<space::CimnetSpace>(
        load_cimnet_spec(locate(PresetKind::kSpaces, "cimnet-cnn-cifar")));
    result_.key = "cnn";
    result_.space = space_.get();
    result_.screening_images = 2000;
    result_.judging_images = 6250;
    result_.most_points_lost = 0.5;
    result_.seeds = 3;
    result_.baseline = arm("baseline", "default", 0, 6.0);
    for (const std::uint64_t seed : {1, 2, 3}) {
      // 3, 4 and 5 ms: the median is 6 / 4 = 1.5 times faster.
      result_.arms.push_back(arm("network", "default", seed, 2.0 + static_cast<double>(seed)));
      for (const char* chip : {"on-chip", "all"}) {
        result_.arms.push_back(arm("hardware", chip, seed, 5));
        result_.arms.push_back(arm("both", chip, seed, 3));
      }
    }
    set_network("network", 1, small());
    set_network("both", 0, small());
  }

  CimnetArm arm(const char* name, const char* chip, std::uint64_t seed, double latency_ms) const {
    CimnetArm result{name, chip, seed, {}, 80};
    result.design.genome = space_->baseline();
    result.design.cost.latency_ms = latency_ms;
    return result;
  }
  space::Genome small() const {
    space::Genome genome = space_->baseline();
    genome.front() = 0;
    return genome;
  }
  /// Of one seed, or of all of them with 0.
  void set_network(std::string_view name, std::uint64_t seed, const space::Genome& genome) {
    for (CimnetArm& arm : result_.arms) {
      if (arm.name == name && (seed == 0 || arm.seed == seed)) arm.design.genome = genome;
    }
  }

  std::unique_ptr<space::CimnetSpace> space_;
  CimnetSpaceResult result_;
};

TEST_F(CimnetPage, RowsHaveTheMedianSeed) {
  const auto rows = cimnet_rows(result_);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0].name, "baseline");
  EXPECT_EQ(rows[1].median().design.cost.latency_ms, 4);
  EXPECT_EQ(rows[1].findings.front().seed, 1U);
}

TEST_F(CimnetPage, SaysWhatEachArmGivesBesideThePaper) {
  const auto figure = cimnet_figure({result_}, "cifar10");
  EXPECT_THAT(figure.text,
              Contains(HasSubstr("network 1.50 (less than CiMNet's 1.7); both, on-chip 2.00 (less "
                                 "than CiMNet's 3.1)")));
  EXPECT_THAT(cimnet_text(result_), HasSubstr("times faster  CiMNet's\n"));
  const report::FigureTable& arms = figure.tables.front();
  EXPECT_EQ(arms.rows.size(), 6U);
  EXPECT_EQ(arms.rows[1][6], 1.5);
  EXPECT_EQ(figure.tables[1].rows.size(), 15U);
}

TEST_F(CimnetPage, SaysWhereTheTestImagesDisagreeWithTheBar) {
  result_.test[study::network_of(*space_, space_->baseline())] = 70.25;
  const auto text_with = [&](double accuracy) {
    result_.test[study::network_of(*space_, small())] = accuracy;
    return cimnet_figure({result_}, "cifar10").text;
  };
  EXPECT_THAT(text_with(69.75), Not(Contains(HasSubstr("test images the networks"))));
  EXPECT_THAT(text_with(69.5),
              Contains("cnn: on all test images the networks shown lose up to 0.75 points to the "
                       "largest one: the 0.5 points of the bar hold on the images that chose them "
                       "only."));
}

TEST_F(CimnetPage, SaysWhereNoSmallerNetworkQualified) {
  const auto text = cimnet_figure({result_}, "cifar10").text;
  EXPECT_THAT(text,
              Contains(HasSubstr("cnn: network: no smaller sub-network that was measured is "
                                 "within 0.5 points of the largest and faster (seeds 2, 3)")));
  EXPECT_THAT(text, Not(Contains(HasSubstr("both, all: no smaller"))));
  EXPECT_THAT(text, Contains(HasSubstr("the same 6250 held-out training images, to which only "
                                       "networks come that pass on 2000 others")));
}

}  // namespace
}  // namespace gibbon::app
