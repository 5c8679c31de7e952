#pragma once

#include "gibbon/app/command.hpp"

/// The `add` function of every command; each is in the file of its name.
namespace gibbon::app {

Action add_config_command(CLI::App& command, const GlobalOptions& global);
Action add_reproduce_command(CLI::App& command, const GlobalOptions& global);
Action add_simulate_command(CLI::App& command, const GlobalOptions& global);
Action add_space_command(CLI::App& command, const GlobalOptions& global);
Action add_verify_command(CLI::App& command, const GlobalOptions& global);

/// In gibbon-full only: they need libraries that take long to load.
Action add_data_command(CLI::App& command, const GlobalOptions& global);
Action add_list_command(CLI::App& command, const GlobalOptions& global);
/// Experiments that train; `gibbon reproduce` forwards them.
Action add_reproduce_training_command(CLI::App& command, const GlobalOptions& global);
Action add_report_command(CLI::App& command, const GlobalOptions& global);
Action add_search_command(CLI::App& command, const GlobalOptions& global);
Action add_tabulate_command(CLI::App& command, const GlobalOptions& global);
Action add_train_command(CLI::App& command, const GlobalOptions& global);

/// Hands all arguments to gibbon-full, which stands beside this program.
Action add_forwarded_command(CLI::App& command, const GlobalOptions& global);

}  // namespace gibbon::app
