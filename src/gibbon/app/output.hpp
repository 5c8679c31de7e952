#pragma once

#include <string>
#include <vector>

#include "gibbon/base/json.hpp"

namespace gibbon::app {

/// Standard output as the commands use it; made for a terminal of 80 columns.
inline constexpr std::size_t kTerminalColumns = 80;

/// Prints the document and a newline.
void print_json(const base::Json& json);

struct NamedItem {
  std::string name;
  std::string summary;
};
/// One line an item, summaries aligned and wrapped; or a JSON list of {name, summary}.
void print_items(const std::vector<NamedItem>& items, bool json);

/// Text broken at spaces to lines of at most `columns`.
std::vector<std::string> wrapped(const std::string& text, std::size_t columns);

/// A table with a heading line; the first column is aligned left, the others right.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
/// Lines of at most 80 columns: where the cells need more, the first column is cut, with a "~".
std::string to_text(const Table& table);

/// Three to four significant digits without an exponent where that is readable: "0.00123", "12.3",
/// "4567", "1.2e+09".
std::string short_number(double value);

}  // namespace gibbon::app
