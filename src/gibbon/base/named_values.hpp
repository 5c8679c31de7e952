#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gibbon/base/error.hpp"

namespace gibbon::base {

/// Values by the names that users give them, in the order in which a help text shows them.
template <typename Value, std::size_t count>
using NamedValues = std::array<std::pair<std::string_view, Value>, count>;

template <typename Value, std::size_t count>
std::vector<std::string> names_of(const NamedValues<Value, count>& table) {
  std::vector<std::string> names;
  for (const auto& [name, value] : table) names.emplace_back(name);
  return names;
}

/// Throws Error "WHAT: 'NAME' is not one of ...".
template <typename Value, std::size_t count>
Value value_of(std::string_view what, std::string_view name,
               const NamedValues<Value, count>& table) {
  for (const auto& [candidate, value] : table) {
    if (candidate == name) return value;
  }
  throw Error(
      fmt::format("{}: '{}' is not one of {}", what, name, fmt::join(names_of(table), ", ")));
}

}  // namespace gibbon::base
