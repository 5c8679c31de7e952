#pragma once

#include <memory>

#include "gibbon/app/command.hpp"

namespace gibbon::app {

/// Adds `reproduce joint`: the search of the preset `joint` with epitome genes and without, over
/// several seeds, and the hypervolumes of their fronts.
void add_joint_command(CLI::App& reproduce, const GlobalOptions& global,
                       const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
