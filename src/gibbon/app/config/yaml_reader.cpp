#include "gibbon/app/config/yaml_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/base/text.hpp"

namespace gibbon::app {

namespace {

/// Of a file that is no YAML all may be one text.
std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 60;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // UTF-8
  return text.substr(0, end) + "...";
}

constexpr int kMaxDepth = 50;
constexpr std::size_t kMostEntries = 1'000'000;

template <typename T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string child_path(const std::string& parent, const std::string& key) {
  return parent.empty() ? key : parent + "." + key;
}

/// From 1; an empty document stands nowhere, which is taken as its beginning.
int line_of(const YAML::Node& node) {
  return std::max(node.Mark().line, 0) + 1;
}

bool is_quoted(const YAML::Node& node) {
  return node.Tag() == "!";
}

std::string number_text(double value) {
  return fmt::format("{:.15g}", value);
}

std::string range_text(std::string_view kind, double least, double most) {
  const bool open = most >= 1e15;
  if (least <= -1e15 && open) return std::string(kind);
  if (open) return fmt::format("{} of at least {}", kind, number_text(least));
  return fmt::format("{} from {} to {}", kind, number_text(least), number_text(most));
}

/// Refuses what cannot be read well: nested too deep; more than one can read, as a few aliases of
/// aliases name; keys that come twice, of which yaml-cpp keeps both and answers with the first.
/// `entries` counts those seen so far.
void check_tree(const std::string& file, const YAML::Node& node, const std::string& path, int depth,
                std::size_t& entries) {
  const int line = line_of(node);
  if (++entries > kMostEntries) {
    throw base::Error(
        fmt::format("{}:{}: {}: more than {} entries, each alias counted as what it "
                    "names",
                    file, line, path, kMostEntries));
  }
  if (depth > kMaxDepth) {
    throw base::Error(
        fmt::format("{}:{}: {}: nested more than {} deep", file, line, path, kMaxDepth));
  }
  if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      check_tree(file, node[i], fmt::format("{}[{}]", path, i), depth + 1, entries);
    }
  }
  if (!node.IsMap()) return;
  std::map<std::string, int> first_lines;
  for (const auto& entry : node) {
    const int key_line = line_of(entry.first);
    if (!entry.first.IsScalar()) {
      throw base::Error(fmt::format("{}:{}: {}: a key must be a plain word", file, key_line,
                                    path.empty() ? "top level" : path));
    }
    const std::string key = child_path(path, entry.first.Scalar());
    const auto [known, is_new] = first_lines.emplace(entry.first.Scalar(), key_line);
    if (!is_new) {
      throw base::Error(fmt::format("{}:{}: {}: given twice; the first is on line {}", file,
                                    key_line, key, known->second));
    }
    check_tree(file, entry.second, key, depth + 1, entries);
  }
}

base::Json scalar_json(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (is_quoted(node)) return text;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto integer = parsed<std::int64_t>(text)) return *integer;
  if (const auto number = parsed<double>(text); number && std::isfinite(*number)) return *number;
  return text;
}

base::Json to_json(const YAML::Node& node) {
  if (node.IsSequence()) {
    base::Json list = base::Json::array();
    for (const auto& item : node) list.push_back(to_json(item));
    return list;
  }
  if (node.IsMap()) {
    base::Json object = base::Json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = to_json(entry.second);
    return object;
  }
  return node.IsScalar() ? scalar_json(node) : base::Json();
}

void collect_lines(const YAML::Node& node, const std::string& path,
                   std::map<std::string, int>& lines) {
  if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      collect_lines(node[i], fmt::format("{}[{}]", path, i), lines);
    }
  }
  if (!node.IsMap()) return;
  for (const auto& entry : node) {
    const std::string key = child_path(path, entry.first.Scalar());
    lines[key] = line_of(entry.first);
    collect_lines(entry.second, key, lines);
  }
}

}  // namespace

YamlValue::YamlValue(std::shared_ptr<const std::string> file, std::string path, int line,
                     const YAML::Node& node)
    : file_(std::move(file)), path_(std::move(path)), line_(line), node_(node) {}

std::string YamlValue::raw() const {
  return node_.IsScalar() ? node_.Scalar() : std::string();
}

void YamlValue::fail(std::string_view problem) const {
  const std::string place = path_.empty() ? "top level" : path_;
  throw base::Error(fmt::format("{}:{}: {}: {}", *file_, line(), place, problem));
}

void YamlValue::refuse(std::string_view expected) const {
  std::string got = "nothing";
  if (node_.IsScalar()) got = "'" + shortened(node_.Scalar()) + "'";
  if (node_.IsSequence()) got = "a list";
  if (node_.IsMap()) got = "a map";
  fail(fmt::format("got {}, expected {}", got, expected));
}

long YamlValue::integer(long least, long most) const {
  const auto value = parsed<long>(raw());
  if (!value || *value < least || *value > most) {
    refuse(range_text("a whole number", static_cast<double>(least), static_cast<double>(most)));
  }
  return *value;
}

double YamlValue::number(double least, double most) const {
  const auto value = parsed<double>(raw());
  if (!value || !std::isfinite(*value) || *value < least || *value > most) {
    refuse(range_text("a number", least, most));
  }
  return *value;
}

bool YamlValue::boolean() const {
  if (raw() == "true") return true;
  if (raw() == "false") return false;
  refuse("true or false");
}

std::string YamlValue::text() const {
  if (!node_.IsScalar() || raw().empty()) refuse("a text");
  return raw();
}

std::string YamlValue::one_of(const std::vector<std::string>& allowed) const {
  const std::string value = raw();
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  refuse(fmt::format("one of {}{}", fmt::join(allowed, ", "), base::did_you_mean(value, allowed)));
}

std::vector<YamlValue> YamlValue::list() const {
  if (!node_.IsSequence()) refuse("a list");
  std::vector<YamlValue> items;
  for (std::size_t i = 0; i < node_.size(); ++i) {
    items.emplace_back(file_, fmt::format("{}[{}]", path_, i), line_of(node_[i]), node_[i]);
  }
  return items;
}

YamlMap YamlValue::map() const {
  if (!node_.IsMap()) refuse("a map of keys and values");
  return YamlMap(*this);
}

base::Json YamlValue::json() const {
  return to_json(node_);
}

std::map<std::string, int> YamlValue::lines() const {
  std::map<std::string, int> lines;
  collect_lines(node_, path_, lines);
  return lines;
}

std::optional<YamlValue> YamlMap::find(std::string_view key) {
  asked_.emplace_back(key);
  return value_.child(key);
}

std::optional<YamlValue> YamlMap::require(std::string_view key, std::string_view expected) {
  auto found = find(key);
  if (!found) missing_.emplace_back(key, expected);
  return found;
}

void YamlMap::finish() const {
  for (const auto& [key, line] : value_.keys()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::string hint = base::did_you_mean(key, asked_);
    throw base::Error(fmt::format("{}:{}: {}: unknown key{} Allowed: {}", value_.file(), line,
                                  child_path(value_.path(), key), hint.empty() ? "." : hint,
                                  fmt::join(asked_, ", ")));
  }
  if (missing_.empty()) return;
  const auto& [key, expected] = missing_.front();
  throw base::Error(fmt::format("{}:{}: {}: missing, expected {}", value_.file(), value_.line(),
                                child_path(value_.path(), key), expected));
}

std::vector<std::pair<std::string, int>> YamlValue::keys() const {
  std::vector<std::pair<std::string, int>> keys;
  for (const auto& entry : node_) {
    keys.emplace_back(entry.first.Scalar(), line_of(entry.first));
  }
  return keys;
}

std::optional<YamlValue> YamlValue::child(std::string_view key) const {
  for (const auto& entry : node_) {
    if (entry.first.Scalar() != key) continue;
    return YamlValue(file_, child_path(path_, std::string(key)), line_of(entry.first),
                     entry.second);
  }
  return std::nullopt;
}

YamlValue read_yaml_text(const std::string& text, std::string_view name) {
  const auto file = std::make_shared<const std::string>(name);
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    throw base::Error(
        fmt::format("{}:{}: not valid YAML: {}", *file, error.mark.line + 1, error.msg));
  }
  std::size_t entries = 0;
  check_tree(*file, root, "", 0, entries);
  YamlValue value(file, "", line_of(root), root);
  if (!root.IsMap()) value.refuse("a map of keys and values");
  return value;
}

YamlValue read_yaml_file(const std::filesystem::path& path) {
  return read_yaml_text(base::read_text_file(path), path.string());
}

std::string yaml_scalar(const std::string& text) {
  const bool plain =
      !text.empty() &&
      std::all_of(text.begin(), text.end(),
                  [](unsigned char c) { return std::isalnum(c) || std::strchr("_-./", c); }) &&
      (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '/' || text[0] == '.') &&
      text != "true" && text != "false" && text != "null" && !parsed<double>(text);
  return plain ? text : base::Json(text).dump();
}

std::string yaml_flow(const base::Json& json) {
  if (json.is_string()) return yaml_scalar(json.get<std::string>());
  if (!json.is_structured()) return json.dump();
  std::vector<std::string> parts;
  for (const auto& [key, value] : json.items()) {
    parts.push_back(json.is_array() ? yaml_flow(value)
                                    : fmt::format("{}: {}", yaml_scalar(key), yaml_flow(value)));
  }
  return json.is_array() ? fmt::format("[{}]", fmt::join(parts, ", "))
                         : fmt::format("{{{}}}", fmt::join(parts, ", "));
}

}  // namespace gibbon::app
