#pragma once

#include <string_view>

/// The files of this folder, put into the program by embed.cmake when it is built.
namespace gibbon::report::assets {

extern const std::string_view kPage;          ///< page.html: the frame of every page
extern const std::string_view kStyle;         ///< page.css
extern const std::string_view kCharts;        ///< charts.js
extern const std::string_view kReport;        ///< report.html
extern const std::string_view kReportScript;  ///< report.js
extern const std::string_view kFigure;        ///< figure.html
extern const std::string_view kFigureScript;  ///< figure.js

}  // namespace gibbon::report::assets
