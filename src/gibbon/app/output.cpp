#include "gibbon/app/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace gibbon::app {

namespace {

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& title : table.header) widths.push_back(title.size());
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::size_t total = 2 * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  if (total > kTerminalColumns) {
    const std::size_t excess = total - kTerminalColumns;
    widths[0] = widths[0] > excess + 4 ? widths[0] - excess : std::min<std::size_t>(widths[0], 4);
  }
  return widths;
}

std::string cut(const std::string& text, std::size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 1) + "~";
}

}  // namespace

void print_json(const base::Json& json) {
  fmt::print("{}\n", json.dump(2));
}

void print_items(const std::vector<NamedItem>& items, bool json) {
  if (json) {
    base::Json list = base::Json::array();
    for (const NamedItem& item : items) {
      list.push_back({{"name", item.name}, {"summary", item.summary}});
    }
    print_json(list);
    return;
  }
  std::size_t width = 0;
  for (const NamedItem& item : items) width = std::max(width, item.name.size());
  for (const NamedItem& item : items) {
    std::string name = item.name;
    for (const std::string& line : wrapped(item.summary, kTerminalColumns - width - 2)) {
      fmt::print("{:<{}}  {}\n", name, width, line);
      name.clear();
    }
  }
}

std::vector<std::string> wrapped(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::string& last = lines.back();
    if (!last.empty() && last.size() + 1 + word.size() > columns) {
      lines.push_back(word);
      continue;
    }
    last += (last.empty() ? "" : " ") + word;
  }
  return lines;
}

std::string to_text(const Table& table) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text;
  const auto add_row = [&](const std::vector<std::string>& row) {
    std::string line = fmt::format("{:<{}}", cut(row[0], widths[0]), widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      line += fmt::format("  {:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_row(table.header);
  for (const auto& row : table.rows) add_row(row);
  return text;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e7) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

}  // namespace gibbon::app
