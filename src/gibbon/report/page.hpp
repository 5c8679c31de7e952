#pragma once

#include <string>
#include <string_view>

#include "gibbon/base/json.hpp"

namespace gibbon::report {

/// What pages differ in.
struct PageParts {
  std::string_view title;
  std::string_view content;  ///< HTML from the heading to the footer
  std::string_view script;   ///< draws the data; charts.js stands before it
};

/// A page that opens without a network: assets/page.html with styles, scripts and data in it. No
/// text in the data can end its element or open a comment.
std::string make_page(const PageParts& parts, const base::Json& data);

}  // namespace gibbon::report
