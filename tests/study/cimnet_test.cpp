#include "gibbon/study/cimnet_modes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "study/small_cimnet.hpp"

namespace gibbon::study {
namespace {

using space::Genome;
using ::testing::ElementsAre;

class CimnetStudy : public ::testing::Test {
 protected:
  /// The least latency within the bounds by looking at every design.
  double least_latency(double max_area, double min_kept) const {
    double least = std::numeric_limits<double>::infinity();
    Genome genome(space_.genes().size(), 0);
    for (;;) {
      const CimnetDesign design = measure(space_, *simulator_, space_.canonical(genome));
      if (design.cost.area_mm2 <= max_area && design.kept_macs >= min_kept) {
        least = std::min(least, design.cost.latency_ms);
      }
      std::size_t gene = 0;
      while (gene < genome.size() && ++genome[gene] == space_.genes()[gene].choices.size()) {
        genome[gene++] = 0;
      }
      if (gene == genome.size()) return least;
    }
  }

  space::CimnetSpace space_{small_cimnet_spec()};
  std::unique_ptr<sim::Simulator> simulator_ = sim::make_simulator("digital_cim");
};

TEST_F(CimnetStudy, FindsTheFastestOfAllDesigns) {
  const double area = measure(space_, *simulator_, space_.baseline()).cost.area_mm2;
  for (const double kept : {1.0, 0.7, 0.4}) {
    FastestOptions options;
    for (std::size_t gene = 0; gene < space_.genes().size(); ++gene) options.genes.push_back(gene);
    options.max_area_mm2 = area;
    options.min_kept_macs = kept;
    const CimnetDesign found = find_fastest(space_, *simulator_, options);
    EXPECT_LE(found.cost.area_mm2, area);
    EXPECT_GE(found.kept_macs, kept);
    EXPECT_DOUBLE_EQ(found.cost.latency_ms, least_latency(area, kept)) << kept;
  }
}

TEST_F(CimnetStudy, LeavesTheOtherGenesAtTheBaseline) {
  FastestOptions options;
  options.genes = {space_.gene_index("hardware.dram.gb_per_s")};
  options.max_area_mm2 = 1e9;
  const CimnetDesign found = find_fastest(space_, *simulator_, options);
  Genome expected = space_.baseline();
  expected[options.genes.front()] = 1;  // 6.4 GB/s
  EXPECT_EQ(found.genome, expected);
}

TEST_F(CimnetStudy, ModesOpenMoreAndMoreNumbersOfTheChip) {
  const auto modes = hardware_modes(space_);
  ASSERT_EQ(modes.size(), 3U);
  const auto names = [&](const CimnetMode& mode) {
    std::vector<std::string> keys;
    for (const std::size_t gene : mode.genes) keys.push_back(space_.genes()[gene].slot);
    return keys;
  };
  EXPECT_THAT(names(modes[0]), ElementsAre("pe.count", "vector.lanes"));
  EXPECT_THAT(names(modes[1]),
              ElementsAre("pe.count", "vector.lanes", "shared_memory.bytes_per_cycle"));
  EXPECT_EQ(modes[2].genes.size(), 4U);
}

TEST_F(CimnetStudy, OpeningGenesOrAllowingFewerMacsNeverCostsTime) {
  CimnetStudyOptions options;
  options.kept_macs = {1, 0.6};
  options.seeds = 2;
  options.generations = 5;
  const auto findings = run_cimnet_modes(space_, *simulator_, options);
  // A seed: 3 chips for the largest network, then the network alone and 3 chips.
  EXPECT_EQ(findings.size(), 2U * (3U + 4U));
  for (const CimnetFinding& finding : findings) {
    EXPECT_GE(finding.design.kept_macs, finding.min_kept_macs);
  }
  const auto slowest = [&](const char* mode, const char* chip, double kept) {
    return latencies_of(findings, mode, chip, kept).back();
  };
  EXPECT_LE(slowest("hardware", "on-chip", 1), slowest("hardware", "sizes", 1));
  EXPECT_LE(slowest("hardware", "all", 1), slowest("hardware", "on-chip", 1));
  EXPECT_LE(slowest("both", "all", 0.6), slowest("hardware", "all", 1));
  EXPECT_LE(slowest("both", "sizes", 0.6), slowest("network", "default", 0.6));
  EXPECT_EQ(fastest_of(findings, "both", "all", 0.6).design.cost.latency_ms,
            latencies_of(findings, "both", "all", 0.6).front());
  EXPECT_TRUE(latencies_of(findings, "network", "default", 1).empty());
}

TEST_F(CimnetStudy, ThreadsDoNotChangeTheFindings) {
  CimnetStudyOptions options;
  options.kept_macs = {1, 0.7};
  options.seeds = 3;
  options.generations = 2;
  const auto one = run_cimnet_modes(space_, *simulator_, options);
  options.threads = 3;
  const auto three = run_cimnet_modes(space_, *simulator_, options);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].seed, three[i].seed);
    EXPECT_EQ(one[i].design.genome, three[i].design.genome);
  }
}

TEST_F(CimnetStudy, GroupsHoldEveryLayerAndAllOfTheTime) {
  const auto design = space_.decode(space_.baseline());
  const auto result = simulator_->simulate(design->network, design->hardware);
  const auto groups = group_layers(*result);
  std::vector<std::string> names;
  double time = 0;
  int layers = 0;
  for (const LayerGroup& group : groups) {
    names.push_back(group.name);
    time += group.time_ms;
    layers += group.layers;
    EXPECT_GT(group.bound_share, 0);
    EXPECT_LE(group.bound_share, 1);
  }
  EXPECT_THAT(names,
              ElementsAre("patch embedding", "norms and sums", "q, k, v", "attention products",
                          "softmax", "projection", "MLP", "GELU", "head"));
  EXPECT_EQ(layers, static_cast<int>(result->layers.size()));
  EXPECT_NEAR(time, result->latency_ns * 1e-6, 1e-9);
}

}  // namespace
}  // namespace gibbon::study
