#include "gibbon/sim/reference/hardware_case.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"

namespace gibbon::sim {
namespace {

const std::filesystem::path kHardwareFolder =
    std::filesystem::path(GIBBON_SOURCE_DIR) / "../shared/mnsim/hardware";

TEST(ReferenceCases, EveryHardwareCaseAgrees) {
  if (!std::filesystem::exists(kHardwareFolder))
    GTEST_SKIP() << "no reference cases at " << kHardwareFolder;
  int cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(kHardwareFolder)) {
    const CaseReport report = verify_hardware_case(file.path());
    EXPECT_TRUE(report.passed) << report.name << ": " << report.failure;
    EXPECT_GT(report.error_by_quantity.size(), 100U) << report.name;
    ++cases;
  }
  EXPECT_GE(cases, 100);
}

TEST(ReferenceCases, AChangedFigureFails) {
  const auto path = kHardwareFolder / "micro_one.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no reference cases at " << kHardwareFolder;
  base::Json json = base::Json::parse(base::read_file(path));
  auto& value = json["expected"]["energy_nJ"]["layers"][1]["ADC"];
  value = value.get<double>() * (1 + 1e-8);
  const auto changed = std::filesystem::path(testing::TempDir()) / "changed.json";
  std::ofstream(changed) << json.dump();
  const CaseReport report = verify_hardware_case(changed);
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.worst_quantity, "energy.layer 1.ADC");
  EXPECT_THAT(report.failure, testing::HasSubstr("energy.layer 1.ADC"));
}

TEST(ReferenceCases, RefusesOtherFiles) {
  const auto path = std::filesystem::path(testing::TempDir()) / "other.json";
  const auto message = [&](const char* text) {
    std::ofstream(path) << text;
    try {
      verify_hardware_case(path);
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(R"({"kind":"accuracy"})"),
              testing::AllOf(testing::HasSubstr("other.json"), testing::HasSubstr("kind")));
  EXPECT_THAT(message("{"), testing::HasSubstr("other.json"));
  EXPECT_THAT(message(R"({"kind":"hardware"})"), testing::HasSubstr("network"));
}

}  // namespace
}  // namespace gibbon::sim
