#pragma once

#include <memory>

#include "gibbon/app/command.hpp"

namespace gibbon::app {

/// CiMNet's speed-ups of ViT-B at similar accuracy (Kundu et al., arXiv 2402.11780, abstract), by
/// the network and by both.
inline constexpr double kCimnetNetworkSpeedUp = 1.7;
inline constexpr double kCimnetBothSpeedUp = 3.1;

/// Adds "cimnet-vit-b" to `reproduce`; it puts its work into `chosen`.
void add_cimnet_command(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
