#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"

namespace gibbon::report {

/// A line or cloud of points (x, y) in a chart. NaN leaves a point out.
struct Series {
  std::string name;
  std::vector<std::array<double, 2>> points;
  bool dashed = false;  ///< drawn thin, in the colour of the series before it: a bound of it
};

struct Axis {
  std::string label;
  bool log = false;
};

struct Chart {
  enum class Kind { kLines, kScatter };
  std::string title;
  Kind kind = Kind::kLines;
  Axis x;
  Axis y;
  std::vector<Series> series;
};

/// Named columns of text and numbers. A number keeps its digits in the CSV file and is shortened on
/// the page.
struct FigureTable {
  std::string name;   ///< of its CSV file
  std::string title;  ///< on the page
  std::vector<std::string> columns;
  std::vector<std::vector<base::Json>> rows;
};

/// An experiment's result: what it is and how it was made, charts and tables.
struct Figure {
  std::string name;  ///< of its files
  std::string title;
  std::vector<std::string> text;  ///< paragraphs
  std::vector<Chart> charts;
  std::vector<FigureTable> tables;
};

/// The tables and text as one document.
base::Json figure_json(const Figure& figure);
std::string table_csv(const FigureTable& table);
/// A page that needs no other file, in the style of a run's report.
std::string figure_html(const Figure& figure);

/// Writes NAME.json, NAME.html and NAME-TABLE.csv for each table into the folder, which is made if
/// it is missing. Returns the page. Throws base::Error with the system's reason.
std::filesystem::path write_figure(const Figure& figure, const std::filesystem::path& folder);

}  // namespace gibbon::report
