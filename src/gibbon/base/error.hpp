#pragma once

#include <stdexcept>
#include <string>

namespace gibbon::base {

/// A message for the user that stops the run: bad input, a missing file, a full disk. The program
/// prints what() after "gibbon: " and exits with status 1. Assertions are for our own bugs.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace gibbon::base
