#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gibbon::app {

/// Options that any command may be given, before or after its name.
struct GlobalOptions {
  bool quiet = false;  ///< results only, no progress
  bool json = false;   ///< results as one JSON document on standard output
  std::optional<int> threads;
  std::optional<std::uint64_t> seed;

  /// The threads asked for, else the number of processors.
  int thread_count() const;
};

/// What a command does once its options are read; gives the exit status. User errors are
/// base::Error.
using Action = std::function<int()>;

/// One command: `add` puts its options on `command` and gives the action, which may refer to
/// `global`. Both outlive the action.
struct Command {
  std::string_view name;
  std::string_view summary;
  Action (*add)(CLI::App& command, const GlobalOptions& global);
};

inline constexpr int kSuccess = 0;
inline constexpr int kUserError = 1;  ///< also: something verified or checked did not hold
inline constexpr int kUsageError = 2;

/// The commands of the program `gibbon`, in the order of its help (registry.cpp). Those that need
/// large libraries run in the program `gibbon-full` beside it, so that the others start at once.
std::span<const Command> gibbon_commands();
/// The commands of `gibbon-full` (full_registry.cpp).
std::span<const Command> full_commands();

/// Parses the arguments, runs the command and turns errors into messages and exit statuses: 0; 1
/// with "gibbon: MESSAGE" on standard error; 2 for wrong usage.
int run_program(std::span<const Command> commands, int argc, char** argv);

}  // namespace gibbon::app
