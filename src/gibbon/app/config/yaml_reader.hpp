#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gibbon/base/json.hpp"

namespace gibbon::app {

class YamlMap;

/// A value of a YAML file that knows where it stands. Every reading function throws base::Error in
/// the form "FILE:LINE: KEY.PATH: got 'x', expected ..." where the value is not what was asked for.
/// Bounds are inclusive. Cheap to copy; not safe to share between threads.
class YamlValue {
 public:
  YamlValue(std::shared_ptr<const std::string> file, std::string path, int line,
            const YAML::Node& node);

  long integer(long least, long most) const;
  double number(double least, double most) const;
  bool boolean() const;  ///< true or false
  std::string text() const;
  std::string one_of(const std::vector<std::string>& allowed) const;
  std::vector<YamlValue> list() const;
  YamlMap map() const;
  /// The same tree as JSON. Quoted scalars are strings; others are what JSON would read.
  base::Json json() const;

  bool is_list() const { return node_.IsSequence(); }
  bool is_map() const { return node_.IsMap(); }
  /// The value of a key of this map; nothing if it is not there.
  std::optional<YamlValue> child(std::string_view key) const;
  /// The keys of this map with their lines, in the order of the file.
  std::vector<std::pair<std::string, int>> keys() const;
  /// The scalar as it stands in the file; empty for anything else.
  std::string raw() const;
  const std::string& path() const { return path_; }
  const std::string& file() const { return *file_; }
  /// Of its key where it has one, since a value may begin further down, or not be there at all.
  int line() const { return line_; }

  /// Throws "FILE:LINE: KEY.PATH: got ..., expected EXPECTED".
  [[noreturn]] void refuse(std::string_view expected) const;
  /// Throws "FILE:LINE: KEY.PATH: PROBLEM".
  [[noreturn]] void fail(std::string_view problem) const;
  /// The lines of this value and of everything below it, by key path.
  std::map<std::string, int> lines() const;

 private:
  std::shared_ptr<const std::string> file_;
  std::string path_;
  int line_;
  YAML::Node node_;
};

/// A YAML map that is read key by key. It remembers the keys that were asked for: finish() refuses
/// all others, so that no list of allowed keys is kept beside the code that reads them.
class YamlMap {
 public:
  explicit YamlMap(YamlValue value) : value_(std::move(value)) {}

  /// Nothing if the key is not there. A key without a value ("key:") counts as there.
  std::optional<YamlValue> find(std::string_view key);
  /// Like find(), but finish() refuses a map without this key; `expected` says what belongs there.
  std::optional<YamlValue> require(std::string_view key, std::string_view expected);
  /// Throws for a key that nothing asked for (with the nearest and all that are allowed), then for
  /// a required key that is missing. To be called before what was read is used.
  void finish() const;

  const YamlValue& value() const { return value_; }

 private:
  YamlValue value_;
  std::vector<std::string> asked_;
  std::vector<std::pair<std::string, std::string>> missing_;  // key, what belongs there
};

/// The document in a file or text, `name` standing for the file in messages. Throws base::Error
/// where it cannot be read, is not YAML, holds a key twice in one map, or is not a map.
YamlValue read_yaml_file(const std::filesystem::path& path);
YamlValue read_yaml_text(const std::string& text, std::string_view name);

/// A scalar that YAML reads back as this string: plain where possible, quoted where not.
std::string yaml_scalar(const std::string& text);
/// JSON as one line of YAML flow style.
std::string yaml_flow(const base::Json& json);

}  // namespace gibbon::app
