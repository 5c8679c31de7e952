#include "gibbon/report/write_reports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/report/reports/csv.hpp"
#include "gibbon/report/reports/html.hpp"
#include "gibbon/report/reports/json.hpp"
#include "report/small_run.hpp"

namespace gibbon::report {
namespace {

TEST(WriteReports, FillsTheFolder) {
  std::string pattern = (std::filesystem::temp_directory_path() / "gibbon-report-XXXXXX").string();
  const std::filesystem::path place = ::mkdtemp(pattern.data());
  const store::RunFolder folder(place / "run", store::OpenMode::kCreate);
  RunData data = small_run();
  write_reports(data, folder);
  EXPECT_EQ(base::read_file(folder.candidates()), candidates_csv(data));
  EXPECT_EQ(base::read_file(folder.pareto()), pareto_csv(data));
  EXPECT_EQ(base::Json::parse(base::read_file(folder.summary())), summary_json(data));
  EXPECT_EQ(base::read_file(folder.layers("01")), layers_csv(data.finals[0].simulation));
  EXPECT_EQ(base::Json::parse(base::read_file(folder.hardware("01"))), data.finals[0].hardware);
  EXPECT_EQ(base::read_file(folder.report()), html_report(data));

  std::filesystem::remove_all(folder.layers_folder());  // of a run whose record alone was kept
  std::filesystem::remove_all(folder.hardware_folder());
  write_reports(data, folder);
  EXPECT_EQ(base::read_file(folder.layers("01")), layers_csv(data.finals[0].simulation));
  EXPECT_EQ(base::Json::parse(base::read_file(folder.hardware("01"))), data.finals[0].hardware);

  data.finals[0].id = "../01";
  EXPECT_THROW(write_reports(data, folder), base::Error);
  std::filesystem::remove_all(place);
}

}  // namespace
}  // namespace gibbon::report
