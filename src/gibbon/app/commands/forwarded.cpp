#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/full_program.hpp"

namespace gibbon::app {

namespace {

/// "train", or "reproduce epim" of a command inside another.
std::vector<std::string> words_of(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* app = &command; app->get_parent() != nullptr; app = app->get_parent()) {
    words.insert(words.begin(), app->get_name());
  }
  return words;
}

}  // namespace

Action add_forwarded_command(CLI::App& command, const GlobalOptions& global) {
  // Its own program reads its options and prints its help.
  command.prefix_command();
  command.set_help_flag();
  command.fallthrough(false);
  return [&command, &global]() -> int {
    std::vector<std::string> arguments = words_of(command);
    if (global.quiet) arguments.emplace_back("--quiet");
    if (global.json) arguments.emplace_back("--json");
    if (global.threads) {
      arguments.emplace_back("--threads");
      arguments.push_back(std::to_string(*global.threads));
    }
    if (global.seed) {
      arguments.emplace_back("--seed");
      arguments.push_back(std::to_string(*global.seed));
    }
    for (const std::string& word : command.remaining()) arguments.push_back(word);
    run_full_program(arguments);
  };
}

}  // namespace gibbon::app
