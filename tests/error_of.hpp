#pragma once

#include <string>

#include "gibbon/base/error.hpp"

namespace gibbon::test {

/// The message of the base::Error that the action throws; "no error" if it returns.
template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace gibbon::test
