#pragma once

#include <memory>

#include "gibbon/app/command.hpp"

namespace gibbon::app {

/// Adds "cimnet-vit-b" to `reproduce`; it puts its work into `chosen`.
void add_cimnet_command(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
