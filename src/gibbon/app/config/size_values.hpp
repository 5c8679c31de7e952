#pragma once

#include <vector>

#include "gibbon/app/config/yaml_reader.hpp"

namespace gibbon::app {

/// A number of channels, layers, bits, ...: whole and positive.
inline int read_int(const YamlValue& value) {
  constexpr long kMaxSize = 65536;
  return static_cast<int>(value.integer(1, kMaxSize));
}

/// A list of such numbers, at least one.
inline std::vector<int> read_ints(const YamlValue& value) {
  std::vector<int> numbers;
  for (const YamlValue& item : value.list()) numbers.push_back(read_int(item));
  if (numbers.empty()) value.fail("the list is empty");
  return numbers;
}

}  // namespace gibbon::app
