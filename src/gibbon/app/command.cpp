#include "gibbon/app/command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <system_error>
#include <thread>

#include "gibbon/app/version.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/registry.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::app {

namespace {

void add_global_options(CLI::App& program, GlobalOptions& global) {
  program.set_version_flag("--version", fmt::format("gibbon {}", kVersion));
  program.add_flag("-q,--quiet", global.quiet, "No progress, results only");
  program.add_flag("--json", global.json, "Results as JSON on standard output");
  program.add_option("--threads", global.threads, "Threads; default: all processors")
      ->check(CLI::Range(1, 1024));
  constexpr std::uint64_t kMostSeed = std::numeric_limits<std::int64_t>::max();
  program.add_option("--seed", global.seed, "Seed of every random stream")
      ->check(CLI::Range(std::uint64_t{0}, kMostSeed));
}

/// What was wrong with the arguments. CLI11 says of an unknown command only that one is required,
/// and lists what is left over in an order of its own.
std::string usage_problem(const CLI::App& program, std::span<const Command> commands,
                          const CLI::ParseError& error) {
  const std::vector<std::string> left = program.remaining(true);
  for (const std::string& word : left) {
    if (word.starts_with('-')) return fmt::format("unknown option '{}'", word);
  }
  if (left.empty() || !program.get_subcommands().empty()) return error.what();
  return fmt::format("unknown command '{}'{}", left.front(),
                     base::did_you_mean(left.front(), base::names_in(commands)));
}

int run_action(const Action& action) {
  try {
    const int status = action();
    if (std::fflush(stdout) != 0) throw base::Error("cannot write to standard output");
    return status;
  } catch (const base::Error& error) {
    fmt::print(stderr, "gibbon: {}\n", error.what());
  } catch (const std::system_error& error) {  // fmt's, where a file takes no more
    fmt::print(stderr, "gibbon: {}\n", error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "gibbon: internal error: {}\n", error.what());
  }
  return kUserError;
}

}  // namespace

int GlobalOptions::thread_count() const {
  return threads.value_or(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

int run_program(std::span<const Command> commands, int argc, char** argv) {
  CLI::App program("Joint search of neural networks and processing-in-memory hardware", "gibbon");
  GlobalOptions global;
  add_global_options(program, global);
  program.require_subcommand(1);
  program.fallthrough();
  program.get_formatter()->column_width(26);

  Action action;
  for (const Command& entry : commands) {
    CLI::App* command = program.add_subcommand(std::string(entry.name), std::string(entry.summary));
    command->fallthrough();
    const Action own = entry.add(*command, global);
    command->final_callback([&action, own] { action = own; });
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return program.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return program.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return program.exit(version);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "gibbon: {}\nTry 'gibbon --help'.\n",
               usage_problem(program, commands, error));
    return kUsageError;
  }
  return run_action(action);
}

}  // namespace gibbon::app
