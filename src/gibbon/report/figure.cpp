#include "gibbon/report/figure.hpp"

#include <fmt/format.h>

#include <string_view>
#include <system_error>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/report/assets/assets.hpp"
#include "gibbon/report/page.hpp"
#include "gibbon/report/reports/csv.hpp"

namespace gibbon::report {
namespace {

using base::Json;

std::string csv_cell(const Json& cell) {
  if (cell.is_null()) return "";
  return csv_field(cell.is_string() ? cell.get<std::string>() : cell.dump());
}

Json axis_json(const Axis& axis) {
  return {{"label", axis.label}, {"log", axis.log}};
}

Json chart_json(const Chart& chart) {
  Json series = Json::array();
  for (const Series& one : chart.series) {
    series.push_back({{"name", one.name}, {"points", one.points}, {"dashed", one.dashed}});
  }
  return {{"title", chart.title},
          {"kind", chart.kind == Chart::Kind::kLines ? "lines" : "scatter"},
          {"x", axis_json(chart.x)},
          {"y", axis_json(chart.y)},
          {"series", std::move(series)}};
}

}  // namespace

Json figure_json(const Figure& figure) {
  Json tables = Json::object();
  for (const FigureTable& table : figure.tables) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
      Json object = Json::object();
      for (std::size_t i = 0; i < table.columns.size(); ++i) object[table.columns[i]] = row.at(i);
      rows.push_back(std::move(object));
    }
    tables[table.name] = std::move(rows);
  }
  return {{"name", figure.name},
          {"title", figure.title},
          {"text", figure.text},
          {"tables", std::move(tables)}};
}

std::string table_csv(const FigureTable& table) {
  std::string text;
  const auto add_row = [&](const auto& cells, const auto& text_of) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text += ',';
      text += text_of(cells[i]);
    }
    text += '\n';
  };
  add_row(table.columns, [](const std::string& name) { return csv_field(name); });
  for (const auto& row : table.rows) add_row(row, csv_cell);
  return text;
}

std::string figure_html(const Figure& figure) {
  Json charts = Json::array();
  for (const Chart& chart : figure.charts) charts.push_back(chart_json(chart));
  Json tables = Json::array();
  for (const FigureTable& table : figure.tables) {
    tables.push_back({{"title", table.title}, {"columns", table.columns}, {"rows", table.rows}});
  }
  return make_page({"Gibbon experiment", assets::kFigure, assets::kFigureScript},
                   {{"title", figure.title},
                    {"text", figure.text},
                    {"charts", std::move(charts)},
                    {"tables", std::move(tables)}});
}

std::filesystem::path write_figure(const Figure& figure, const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    throw base::Error(fmt::format("{}: cannot be made: {}", folder.string(), problem.message()));
  }
  base::write_file_atomically(folder / (figure.name + ".json"), figure_json(figure).dump(2) + "\n");
  for (const FigureTable& table : figure.tables) {
    base::write_file_atomically(folder / fmt::format("{}-{}.csv", figure.name, table.name),
                                table_csv(table));
  }
  const std::filesystem::path page = folder / (figure.name + ".html");
  base::write_file_atomically(page, figure_html(figure));
  return page;
}

}  // namespace gibbon::report
