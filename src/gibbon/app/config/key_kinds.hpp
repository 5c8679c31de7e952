#pragma once

#include <cctype>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gibbon/app/config/config_key.hpp"

/// How the kinds of keys read and write their field of a run's config.
namespace gibbon::app::keys {

using explore::RunConfig;

inline constexpr int kMostPadding = 64;   ///< pixels of a random crop
inline constexpr int kMostCutout = 1024;  ///< pixels of its side

/// How a key reaches its field; used for reading and, on a constant, for writing.
template <typename T>
using Field = T& (*)(RunConfig&);

template <typename T>
const T& get(Field<T> field, const RunConfig& config) {
  return field(const_cast<RunConfig&>(config));  // NOLINT: fields only hand out a reference
}

template <typename T>
ConfigKey whole(std::string name, std::string help, Field<T> field, long least, long most) {
  return {std::move(name), std::move(help), fmt::format("{} to {}", least, most),
          [=](const YamlValue& value, RunConfig& config) {
            field(config) = static_cast<T>(value.integer(least, most));
          },
          [=](const RunConfig& config) { return fmt::format("{}", get(field, config)); }};
}

/// A whole number, or a word that stands for `meaning`.
template <typename T>
ConfigKey whole_or(std::string name, std::string help, Field<T> field, long least, long most,
                   std::string word, T meaning) {
  ConfigKey key = whole(std::move(name), std::move(help), field, least, most);
  key.allowed += " or " + word;
  key.read = [=](const YamlValue& value, RunConfig& config) {
    const bool is_number = !value.raw().empty() && value.raw() != word;
    if (is_number && !std::isalpha(static_cast<unsigned char>(value.raw()[0]))) {
      field(config) = static_cast<T>(value.integer(least, most));
      return;
    }
    if (value.raw() != word) {
      value.refuse(fmt::format("a whole number from {} to {}, or {}", least, most, word));
    }
    field(config) = meaning;
  };
  key.write = [=](const RunConfig& config) {
    const T number = get(field, config);
    return number == meaning ? word : fmt::format("{}", number);
  };
  return key;
}

ConfigKey number(std::string name, std::string help, Field<double> field, double least,
                 double most);
ConfigKey flag(std::string name, std::string help, Field<bool> field);
ConfigKey choice(std::string name, std::string help, Field<std::string> field,
                 std::vector<std::string> allowed);
ConfigKey text(std::string name, std::string help, Field<std::string> field);
/// Throws base::Error for a text that means nothing.
using TextCheck = void (*)(const std::string&);
/// A list of at least `least` texts that pass the check.
ConfigKey texts(std::string name, std::string help, Field<std::vector<std::string>> field,
                std::size_t least, TextCheck check);
/// The texts of a list that pass the check; fails at the one that does not, and where there are
/// less than `least`.
std::vector<std::string> checked_texts(const YamlValue& list, std::size_t least, TextCheck check);
/// A TextCheck: a bound such as "area_mm2 <= 20".
void check_constraint(const std::string& text);
/// A path; absent while empty.
ConfigKey path(std::string name, std::string help, Field<std::filesystem::path> field);
/// A map of options, which the searcher that they are for checks.
ConfigKey settings(std::string name, std::string help, Field<base::Json> field);

/// "SECTION.muon_rate".
ConfigKey muon_key(const std::string& section, Field<double> rate);
/// "SECTION.small_crop_size" and "SECTION.small_crop_share".
std::vector<ConfigKey> small_crop_keys(const std::string& section, Field<int> size,
                                       Field<double> share);

template <typename T>
void append(std::vector<T>& all, std::vector<T> more) {
  for (T& item : more) all.push_back(std::move(item));
}

}  // namespace gibbon::app::keys
