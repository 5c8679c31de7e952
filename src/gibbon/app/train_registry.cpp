#include <array>

#include "gibbon/app/commands/commands.hpp"

namespace gibbon::app {

std::span<const Command> train_commands() {
  static constexpr std::array<Command, 3> kCommands{{
      {"search", "Search network and hardware together", add_search_command},
      {"train", "Train one network and simulate it", add_train_command},
      {"list-predictors", "List the predictors", add_list_predictors_command},
  }};
  return kCommands;
}

}  // namespace gibbon::app
