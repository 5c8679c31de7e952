#include <fmt/format.h>

#include <algorithm>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/study/insights.hpp"

namespace gibbon::app {

report::Figure reproduce_insights(const StudyInputs& inputs, const GlobalOptions& global) {
  const auto surrogate = inputs.surrogate(global);
  const auto insights = study::check_insights(surrogate, {});
  report::FigureTable table{"checks",
                            "Each claim, the paper's figure and ours",
                            {"insight", "claim", "measured", "paper", "ours", "verdict"},
                            {}};
  for (const study::Insight& insight : insights) {
    table.rows.push_back({insight.number, insight.claim, insight.figure, insight.paper,
                          insight.ours, insight.confirmed ? "confirmed" : "contradicted"});
  }
  const auto confirmed = std::count_if(insights.begin(), insights.end(),
                                       [](const study::Insight& one) { return one.confirmed; });
  return {
      "insights",
      "The paper's insights held against our numbers",
      {fmt::format("{} of {} statements are confirmed. Pairs of choices are compared on the same "
                   "random designs, all else equal; preferences are counted over the fronts of "
                   "ESAPP searches on the surrogate.",
                   confirmed, insights.size())},
      {},
      {table}};
}

}  // namespace gibbon::app
