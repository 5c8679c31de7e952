#pragma once

#include <memory>

#include "gibbon/app/command.hpp"

namespace gibbon::app {

/// What `gibbon reproduce --help` says of each, in the program that forwards them and in the one
/// that runs them.
inline constexpr const char* kEpimSummary = "EPIM: accuracy and cost of epitomes on CIFAR-10";
inline constexpr const char* kCimnetSummary = "CiMNet: faster at equal accuracy on CIFAR-10";
inline constexpr const char* kRankingSummary = "One-shot accuracies against trainings alone";

/// The experiments of `reproduce` that train: each adds its command, which puts its work into
/// `chosen`.
void add_epim_training_command(CLI::App& reproduce, const GlobalOptions& global,
                               const std::shared_ptr<Action>& chosen);
void add_cimnet_training_command(CLI::App& reproduce, const GlobalOptions& global,
                                 const std::shared_ptr<Action>& chosen);
void add_ranking_command(CLI::App& reproduce, const GlobalOptions& global,
                         const std::shared_ptr<Action>& chosen);

}  // namespace gibbon::app
