#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "gibbon/base/error.hpp"

namespace gibbon::space {

/// A genome is written with one base-36 digit a gene.
inline constexpr std::size_t kMaxGeneChoices = 36;

/// Throws base::Error "KEY ..." for a list that is empty or too long, and for a value that is not
/// positive or comes twice.
template <typename T>
void check_choices(std::string_view key, const std::vector<T>& values) {
  if (values.empty()) {
    throw base::Error(fmt::format("{} is empty, it needs at least one choice", key));
  }
  if (values.size() > kMaxGeneChoices) {
    throw base::Error(
        fmt::format("{} has {} choices, allowed are {}", key, values.size(), kMaxGeneChoices));
  }
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (!(*value > 0)) {
      throw base::Error(fmt::format("{} holds {}, which is not positive", key, *value));
    }
    if (std::find(values.begin(), value, *value) != value) {
      throw base::Error(fmt::format("{} holds {} twice", key, *value));
    }
  }
}

inline std::vector<double> as_doubles(const std::vector<int>& values) {
  return {values.begin(), values.end()};
}

}  // namespace gibbon::space
