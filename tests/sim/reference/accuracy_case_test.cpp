#include "gibbon/sim/reference/accuracy_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"

namespace gibbon::sim {
namespace {

const std::filesystem::path kAccuracyFolder =
    std::filesystem::path(GIBBON_SOURCE_DIR) / "../shared/mnsim/accuracy";

TEST(ReferenceAccuracyCases, AllAreReproduced) {
  if (!std::filesystem::is_directory(kAccuracyFolder))
    GTEST_SKIP() << "no reference cases at " << kAccuracyFolder;
  const auto paths = accuracy_cases(kAccuracyFolder);
  ASSERT_FALSE(paths.empty());
  int passed = 0;
  for (const auto& path : paths) {
    const AccuracyCaseReport report = verify_accuracy_case(path);
    EXPECT_TRUE(report.passed) << report.name << ": " << report.failure;
    // Every recorded layer in both modes and the logits.
    EXPECT_GE(report.layers.size(), 10U) << report.name;
    // The range of a batch norm depends on the order of a sum over the batch, and may move all of
    // its outputs by one unit in the last place; nothing else may differ.
    EXPECT_LT(report.worst_relative_error, 2e-7) << report.name;
    passed += report.passed ? 1 : 0;
  }
  RecordProperty("cases_passed", passed);
}

TEST(ReferenceAccuracyCases, PortableKernelReproducesOne) {
  if (!std::filesystem::is_directory(kAccuracyFolder))
    GTEST_SKIP() << "no reference cases at " << kAccuracyFolder;
  const auto path = accuracy_cases(kAccuracyFolder).front();
  for (const Isa isa : available_isas()) {
    const AccuracyCaseReport report = verify_accuracy_case(path, isa);
    EXPECT_TRUE(report.passed) << isa_name(isa) << ": " << report.failure;
    EXPECT_EQ(report.worst_relative_error, 0) << isa_name(isa);
  }
}

TEST(ReferenceAccuracyCases, AnUnreadableCaseIsAFailureWithAReason) {
  const AccuracyCaseReport report = verify_accuracy_case("/nowhere/case.json");
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.name, "case");
  EXPECT_THAT(report.failure, ::testing::HasSubstr("cannot read /nowhere/case.json"));
  EXPECT_THROW(accuracy_cases("/nowhere"), base::Error);
}

}  // namespace
}  // namespace gibbon::sim
