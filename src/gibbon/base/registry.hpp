#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::base {

/// A registry is a sequence of entries with a member `name`, in the order in which users see them.
template <typename Entries>
std::vector<std::string> names_in(const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.emplace_back(entry.name);
  return names;
}

/// Throws Error "unknown KIND 'NAME'", with the nearest name, if one is near, and all there are.
template <typename Entries>
const auto& entry_in(const Entries& entries, std::string_view kind, std::string_view name) {
  for (const auto& entry : entries) {
    if (entry.name == name) return entry;
  }
  const std::vector<std::string> names = names_in(entries);
  throw Error(fmt::format("unknown {} '{}'{} (allowed: {})", kind, name, did_you_mean(name, names),
                          fmt::join(names, ", ")));
}

}  // namespace gibbon::base
