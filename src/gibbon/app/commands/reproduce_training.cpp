#include "gibbon/app/commands/reproduce_training.hpp"

#include "gibbon/app/commands/commands.hpp"

namespace gibbon::app {

Action add_reproduce_training_command(CLI::App& command, const GlobalOptions& global) {
  command.require_subcommand(1);
  auto chosen = std::make_shared<Action>();
  add_epim_training_command(command, global, chosen);
  add_cimnet_training_command(command, global, chosen);
  add_ranking_command(command, global, chosen);
  return [chosen] { return (*chosen)(); };
}

}  // namespace gibbon::app
