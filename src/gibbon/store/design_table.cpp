#include "gibbon/store/design_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>
#include <system_error>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFieldCount = 1 + space::kMetricCount + 2;

std::string header_line() {
  std::vector<std::string> names{"genome"};
  for (std::size_t metric = 0; metric < space::kMetricCount; ++metric) {
    names.emplace_back(space::metric_key(static_cast<space::Metric>(metric)));
  }
  names.insert(names.end(), {"one_shot_same_top1", "one_shot_top1"});
  return fmt::format("{}\n", fmt::join(names, ","));
}

std::string line_of(const TabulatedDesign& design) {
  return fmt::format("{},{:.6g},{:.6g},{:.6g}\n", space::to_text(design.genome),
                     fmt::join(design.metrics.values, ","), design.one_shot_same, design.one_shot);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

double number_in(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) {
    throw base::Error(fmt::format("'{}' is not a number", text));
  }
  return value;
}

TabulatedDesign design_from(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, ',');
  if (fields.size() != kFieldCount) {
    throw base::Error(fmt::format("{} fields, {} are needed", fields.size(), kFieldCount));
  }
  TabulatedDesign design;
  design.genome = space::genome_from_text(fields[0]);
  for (std::size_t metric = 0; metric < space::kMetricCount; ++metric) {
    design.metrics.values[metric] = number_in(fields[1 + metric]);
  }
  design.one_shot_same = number_in(fields[kFieldCount - 2]);
  design.one_shot = number_in(fields[kFieldCount - 1]);
  return design;
}

/// The file's text, which begins with the line of names.
std::string table_text(const fs::path& path) {
  std::string text = base::read_file(path);
  if (!text.starts_with(header_line())) {
    throw base::Error(fmt::format("{}: is not a table of designs", path.string()));
  }
  return text;
}

/// Throws where a table's designs were not made with these settings.
void require_same(const fs::path& table, const fs::path& beside, const base::Json& settings) {
  if (!fs::exists(beside)) {
    throw base::Error(fmt::format(
        "{}: holds designs, and {}, which says how they were made, is missing; use another file",
        table.string(), beside.string()));
  }
  const base::Json known = base::Json::parse(base::read_file(beside), nullptr, false);
  if (known == settings) return;
  std::string others;
  for (const auto& [key, value] : settings.items()) {
    if (known.is_object() && known.contains(key) && known[key] == value) continue;
    others += fmt::format("{}{}", others.empty() ? "" : ", ", key);
  }
  throw base::Error(
      fmt::format("{}: its designs were made with other settings ({}: {}); use "
                  "another file",
                  table.string(), beside.string(), others));
}

}  // namespace

double TabulatedDesign::accuracy() const {
  const double lost = one_shot_same - metrics[space::Metric::kAccuracy];
  return std::clamp(one_shot - lost, 0.0, 100.0);
}

space::Evaluation TabulatedDesign::evaluation() const {
  space::Evaluation evaluation;
  evaluation.genome = genome;
  evaluation.metrics = metrics;
  evaluation.metrics[space::Metric::kAccuracy] = accuracy();
  evaluation.one_shot_accuracy = one_shot;
  return evaluation;
}

std::vector<TabulatedDesign> read_design_table(const fs::path& path) {
  const std::string text = table_text(path);
  std::vector<std::string_view> lines = split(text, '\n');
  lines.pop_back();  // what follows the last end of a line
  std::vector<TabulatedDesign> designs;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    try {
      designs.push_back(design_from(lines[i]));
    } catch (const base::Error& problem) {
      throw base::Error(fmt::format("{}, line {}: {}", path.string(), i + 1, problem.what()));
    }
  }
  return designs;
}

DesignTableWriter::DesignTableWriter(fs::path path, const base::Json& settings)
    : path_(std::move(path)) {
  std::error_code unreadable;
  const bool is_new = !fs::exists(path_) || fs::file_size(path_, unreadable) == 0;
  const std::string text = is_new ? header_line() : table_text(path_);
  const fs::path beside = path_.string() + ".json";
  const std::size_t end = text.rfind('\n');
  if (end + 1 == header_line().size()) {
    if (is_new) write(text);
    base::write_file_atomically(beside, settings.dump(2) + "\n");
  } else {
    require_same(path_, beside, settings);
  }
  if (end + 1 < text.size()) fs::resize_file(path_, end + 1);
}

void DesignTableWriter::append(const TabulatedDesign& design) const {
  write(line_of(design));
}

void DesignTableWriter::write(const std::string& text) const {
  std::ofstream file(path_, std::ios::app);
  file << text << std::flush;
  if (!file) {
    throw base::Error(fmt::format("{}: cannot be written: {}", path_.string(),
                                  std::generic_category().message(errno)));
  }
}

}  // namespace gibbon::store
