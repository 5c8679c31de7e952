#pragma once

#include <string>

#include "gibbon/base/json.hpp"
#include "gibbon/report/run_data.hpp"

namespace gibbon::report {

/// report.html: one page that opens without a network, with its styles, its script and its data in
/// it. The page is made from src/gibbon/report/assets/.
std::string html_report(const RunData& data);

/// What the page draws, as it stands in it. Candidates are columns, since there can be many.
base::Json html_data(const RunData& data);

}  // namespace gibbon::report
