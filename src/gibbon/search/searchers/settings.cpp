#include "gibbon/search/searchers/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::search {

SettingsReader::SettingsReader(std::string_view searcher, const base::Json& settings)
    : searcher_(searcher), settings_(settings) {
  if (settings_.is_null()) settings_ = base::Json::object();
  if (!settings_.is_object()) {
    throw base::Error(
        fmt::format("searcher '{}': settings must be a mapping of keys to values, got {}",
                    searcher_, settings_.dump()));
  }
}

const base::Json* SettingsReader::find(const std::string& key) {
  known_.push_back(key);
  const auto found = settings_.find(key);
  return found == settings_.end() ? nullptr : &*found;
}

void SettingsReader::refuse(const std::string& key, const base::Json& value,
                            const std::string& allowed) const {
  throw base::Error(
      fmt::format("searcher '{}': {} is {}, allowed is {}", searcher_, key, value.dump(), allowed));
}

int SettingsReader::integer(const std::string& key, int fallback, int low, int high) {
  const base::Json* value = find(key);
  if (value == nullptr) return fallback;
  const bool fits = value->is_number_integer() && *value >= low && *value <= high;
  if (!fits) refuse(key, *value, fmt::format("a whole number from {} to {}", low, high));
  return value->get<int>();
}

double SettingsReader::real(const std::string& key, double fallback, double low, double high) {
  const base::Json* value = find(key);
  if (value == nullptr) return fallback;
  const bool fits = value->is_number() && *value >= low && *value <= high;
  if (!fits) refuse(key, *value, fmt::format("a number from {} to {}", low, high));
  return value->get<double>();
}

bool SettingsReader::flag(const std::string& key, bool fallback) {
  const base::Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) refuse(key, *value, "true or false");
  return value->get<bool>();
}

void SettingsReader::refuse_unknown() const {
  for (const auto& [key, value] : settings_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string known =
        known_.empty() ? "it has none" : fmt::format("it has {}", fmt::join(known_, ", "));
    throw base::Error(fmt::format("searcher '{}': unknown setting '{}'{} ({})", searcher_, key,
                                  base::did_you_mean(key, known_), known));
  }
}

}  // namespace gibbon::search
