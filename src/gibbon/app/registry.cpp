#include <array>

#include "gibbon/app/commands/commands.hpp"

namespace gibbon::app {

std::span<const Command> gibbon_commands() {
  static constexpr std::array<Command, 11> kCommands{{
      {"search", "Search network and hardware together", add_forwarded_command},
      {"train", "Train one network and simulate it", add_forwarded_command},
      {"simulate", "Cost and accuracy of one network on one chip", add_simulate_command},
      {"report", "Write a run's report files again", add_forwarded_command},
      {"tabulate", "Score random designs of a run's space", add_forwarded_command},
      {"space", "Show a search space", add_space_command},
      {"data", "List, check and download data sets", add_forwarded_command},
      {"list", "List searchers, predictors, simulators, ...", add_forwarded_command},
      {"config", "Print the default configuration, with comments", add_config_command},
      {"verify", "Compare the simulator with reference cases", add_verify_command},
      {"reproduce", "Repeat an experiment of a paper", add_reproduce_command},
  }};
  return kCommands;
}

}  // namespace gibbon::app
