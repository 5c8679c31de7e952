#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"

namespace gibbon::search {

/// Reads a searcher's settings. Each getter gives the value or the default and throws base::Error
/// naming searcher and key for a wrong type or a value outside [low, high]. Call refuse_unknown()
/// after the last getter: it throws for a key that no getter asked for.
class SettingsReader {
 public:
  SettingsReader(std::string_view searcher, const base::Json& settings);

  int integer(const std::string& key, int fallback, int low, int high);
  double real(const std::string& key, double fallback, double low, double high);
  bool flag(const std::string& key, bool fallback);
  void refuse_unknown() const;

 private:
  const base::Json* find(const std::string& key);
  [[noreturn]] void refuse(const std::string& key, const base::Json& value,
                           const std::string& allowed) const;

  std::string searcher_;
  base::Json settings_;
  std::vector<std::string> known_;
};

}  // namespace gibbon::search
