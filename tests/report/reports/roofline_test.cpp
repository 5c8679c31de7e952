#include "gibbon/report/reports/roofline.hpp"

#include <gmock/gmock.h>

namespace gibbon::report {
namespace {

using testing::HasSubstr;

sim::Roofline two_layers() {
  sim::Roofline roofline;
  roofline.peak_tops = 10;
  roofline.dram_gb_per_s = 100;
  roofline.shared_gb_per_s = 1000;
  roofline.points.push_back({"fc<1>", 4000, 1000, 1200, 10, sim::Resource::kDram});
  roofline.points.push_back({"scores, b1", 8000, 0, 400, 1, sim::Resource::kCompute});
  return roofline;
}

/// 4000 operations in 10 ns are 0.4 TOPS, at 4 operations a byte of DRAM; 8000 in 1 ns are 8, at 20
/// a byte of the shared memory, as the DRAM has no part.
TEST(RooflineReport, CsvHasALineEachLayer) {
  EXPECT_EQ(roofline_csv(two_layers()),
            "layer,operations,dram_bytes,shared_bytes,time_ns,tops,operations_per_byte,bound_by,"
            "peak_tops,dram_gb_per_s,shared_gb_per_s\n"
            "fc<1>,4000,1000,1200,10,0.4,4,dram,10,100,1000\n"
            "\"scores, b1\",8000,0,400,1,8,20,compute,10,100,1000\n");
}

TEST(RooflineReport, SvgShowsMarksCeilingsAndNames) {
  const std::string svg = roofline_svg(two_layers());
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns"));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("fill=\"#D55E00\" stroke=\"#D55E00\" stroke-width=\"1.5\"><title>"
                             "fc&lt;1></title>"));
  EXPECT_THAT(svg, HasSubstr("fill=\"none\" stroke=\"#0072B2\""));
  EXPECT_THAT(svg, HasSubstr("DRAM 100 GB/s"));
  EXPECT_THAT(svg, HasSubstr(">compute</text>"));
  EXPECT_THAT(svg, testing::Not(HasSubstr("vector")));
}

}  // namespace
}  // namespace gibbon::report
