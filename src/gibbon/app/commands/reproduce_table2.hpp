#pragma once

#include <memory>

#include "gibbon/app/command.hpp"

namespace gibbon::app {

/// Adds `reproduce table2`: runs the hour's preset on CIFAR-10 (or takes a finished run) and holds
/// its designs against the rows of the Gibbon paper's Table II.
void add_table2_command(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
