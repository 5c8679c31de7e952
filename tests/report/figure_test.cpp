#include "gibbon/report/figure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "gibbon/base/file.hpp"

namespace gibbon::report {
namespace {

using ::testing::HasSubstr;

Figure small_figure() {
  return {"fig9",
          "A </script> title",
          {"One paragraph."},
          {{"Curve", Chart::Kind::kLines, {"x", false}, {"y", true}, {{"a", {{1, 2}, {3, 4}}}}}},
          {{"rows", "Rows", {"name", "value"}, {{"a, b", 0.5}, {"c", nullptr}}}}};
}

TEST(Figure, CsvQuotesTextAndLeavesNothingEmpty) {
  EXPECT_EQ(table_csv(small_figure().tables[0]), "name,value\n\"a, b\",0.5\nc,\n");
}

TEST(Figure, JsonHasARowAnObject) {
  const base::Json json = figure_json(small_figure());
  EXPECT_EQ(json.at("tables").at("rows").at(0).at("value"), 0.5);
  EXPECT_EQ(json.at("text").at(0), "One paragraph.");
}

TEST(Figure, PageHoldsItsDataAndNothingFromOutside) {
  const std::string page = figure_html(small_figure());
  EXPECT_THAT(page, HasSubstr("A \\u003c/script> title"));
  EXPECT_THAT(page, HasSubstr("\"points\":[[1.0,2.0],[3.0,4.0]]"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("{{")));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("src=")));
}

TEST(Figure, WritesItsFiles) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("gibbon-figure-test-" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  EXPECT_EQ(write_figure(small_figure(), folder / "deep"), folder / "deep" / "fig9.html");
  EXPECT_EQ(base::read_file(folder / "deep" / "fig9-rows.csv"),
            table_csv(small_figure().tables[0]));
  EXPECT_TRUE(std::filesystem::exists(folder / "deep" / "fig9.json"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gibbon::report
