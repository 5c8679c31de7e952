#pragma once

#include <memory>

#include "gibbon/app/command.hpp"

namespace gibbon::app {

/// The experiments of `reproduce` that train: each adds its command, which puts its work into
/// `chosen`.
void add_epim_training_command(CLI::App& reproduce, const GlobalOptions& global,
                               const std::shared_ptr<Action>& chosen);
void add_cimnet_training_command(CLI::App& reproduce, const GlobalOptions& global,
                                 const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
