#pragma once

#include <string_view>

/// The files of this folder, put into the program by embed.cmake when it is built.
namespace gibbon::report::assets {

extern const std::string_view kPage;          ///< report.html
extern const std::string_view kStyle;         ///< report.css
extern const std::string_view kCharts;        ///< charts.js
extern const std::string_view kScript;        ///< report.js
extern const std::string_view kFigurePage;    ///< figure.html
extern const std::string_view kFigureScript;  ///< figure.js

}  // namespace gibbon::report::assets
