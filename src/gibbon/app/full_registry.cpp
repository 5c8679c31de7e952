#include <array>

#include "gibbon/app/commands/commands.hpp"

namespace gibbon::app {

std::span<const Command> full_commands() {
  static constexpr std::array<Command, 7> kCommands{{
      {"search", "Search network and hardware together", add_search_command},
      {"train", "Train one network and simulate it", add_train_command},
      {"tabulate", "Score random designs of a run's space", add_tabulate_command},
      {"report", "Write a run's report files again", add_report_command},
      {"data", "List, check and download data sets", add_data_command},
      {"reproduce", "Repeat an experiment of a paper", add_reproduce_training_command},
      {"list", "List searchers, predictors, simulators, ...", add_list_command},
  }};
  return kCommands;
}

}  // namespace gibbon::app
