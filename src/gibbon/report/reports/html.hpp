#pragma once

#include <string>
#include <string_view>

#include "gibbon/base/json.hpp"
#include "gibbon/report/run_data.hpp"

namespace gibbon::report {

/// report.html: one page that opens without a network, with its styles, its script and its data in
/// it. The page is made from src/gibbon/report/assets/.
std::string html_report(const RunData& data);

/// What the page draws, as it stands in it. Candidates are columns, since there can be many.
base::Json html_data(const RunData& data);

/// Puts `content` in the place of the first `mark`, which is in the text.
void replace_once(std::string& text, std::string_view mark, std::string_view content);

/// JSON as the content of a <script> element: no text in it can end the element or open a comment.
std::string script_safe(const base::Json& json);

}  // namespace gibbon::report
