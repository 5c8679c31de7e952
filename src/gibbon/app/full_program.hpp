#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gibbon::app {

/// Replaces this process by the program gibbon-full beside it, with these arguments. Returns only
/// by throwing base::Error, where that program cannot be started.
[[noreturn]] void run_full_program(const std::vector<std::string>& arguments);

/// The same beside this process, progress and errors shown, standard output not; its exit status,
/// or 128 + the signal that ended it.
int wait_for_full_program(const std::vector<std::string>& arguments);

}  // namespace gibbon::app
