#include "gibbon/report/reports/html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gibbon/report/assets/assets.hpp"
#include "report/demo_run.hpp"
#include "report/small_run.hpp"

namespace gibbon::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDataStart = "<script type=\"application/json\" id=\"data\">";

/// The content of the data element, cut as a browser cuts it: at the first end of a script.
base::Json data_of(const std::string& page) {
  const std::size_t start = page.find(kDataStart) + kDataStart.size();
  const std::size_t end = page.find("</script", start);
  return base::Json::parse(page.substr(start, end - start));
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(HtmlReport, CarriesItsDataAndAllAssets) {
  const RunData run = small_run();
  const std::string page = html_report(run);
  EXPECT_EQ(data_of(page), html_data(run));
  for (const std::string_view asset : {assets::kStyle, assets::kCharts, assets::kReportScript}) {
    EXPECT_FALSE(asset.empty());
    EXPECT_EQ(count(page, asset), 1u);
  }
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(HtmlReport, LoadsNothingFromANetwork) {
  const std::string page = html_report(demo_run(2));
  for (const char* mark :
       {"http://", "https://", "src=", "href=", "@import", "url(", "fetch(", "XMLHttpRequest"}) {
    EXPECT_THAT(page, Not(HasSubstr(mark))) << mark;
  }
}

TEST(HtmlReport, NoNameCanBecomeMarkup) {
  RunData run = small_run();
  const std::string evil = "</script><script>alert(1)</script><!-- <b> & \"'\xe2\x80\xa8";
  run.facts.name = evil;
  run.evaluations[1].infeasible = evil;
  run.finals[0].simulation.layers[0].name = evil;
  run.finals[0].id = "{{data}} /*{{style}}*/";
  const std::string page = html_report(run);
  EXPECT_EQ(count(page, "<script"), count(html_report(small_run()), "<script"));
  EXPECT_EQ(count(page, "</script"), count(html_report(small_run()), "</script"));
  const base::Json data = data_of(page);
  EXPECT_EQ(data["facts"]["name"], evil);
  EXPECT_EQ(data["candidates"]["infeasible"][1], evil);
  EXPECT_EQ(data["finals"][0]["simulation"]["layers"][0]["name"], evil);
  EXPECT_EQ(data["finals"][0]["id"], "{{data}} /*{{style}}*/");
}

TEST(HtmlReport, ScriptsOnlySetTextNeverMarkup) {
  for (const std::string_view script : {assets::kCharts, assets::kReportScript}) {
    for (const char* mark : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"}) {
      EXPECT_EQ(count(script, mark), 0u) << mark;
    }
  }
}

TEST(HtmlReport, SurvivesTextThatIsNotUtf8AndNumbersThatAreNone) {
  RunData run = small_run();
  run.facts.machine = "caf\xe9";
  run.evaluations[0].metrics[space::Metric::kPower] = std::nan("");
  const base::Json data = data_of(html_report(run));
  EXPECT_EQ(data["facts"]["machine"], "caf\xef\xbf\xbd");
  EXPECT_TRUE(data["candidates"]["metrics"]["power_w"][0].is_null());
}

TEST(HtmlData, MarksTheFrontAndWhatMeetsTheConstraints) {
  RunData run = small_run();
  run.evaluations.push_back(run.evaluations[2]);
  run.evaluations[3].metrics[space::Metric::kArea] = 20.5;  // over the limit of 20
  const base::Json candidates = html_data(run)["candidates"];
  EXPECT_EQ(candidates["meets"].dump(), "[1,0,1,0]");
  EXPECT_EQ(candidates["on_front"].dump(), "[0,0,1,0]");
  EXPECT_EQ(candidates["genome"].dump(), R"(["02","00","12","12"])");
  EXPECT_EQ(candidates["metrics"]["area_mm2"].dump(), "[12.0,30.0,10.0,20.5]");
  EXPECT_EQ(candidates["predicted"]["accuracy_top1"].dump(), "[null,null,90.0,90.0]");
}

TEST(HtmlReport, OfARunThatHasJustBegun) {
  RunData run;
  run.facts = small_run().facts;
  EXPECT_EQ(data_of(html_report(run))["candidates"]["genome"].dump(), "[]");
}

}  // namespace
}  // namespace gibbon::report
