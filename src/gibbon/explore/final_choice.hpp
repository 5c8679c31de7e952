#pragma once

#include <vector>

#include "gibbon/explore/stages.hpp"

/// Which of the evaluated designs are worth a training of their own.
namespace gibbon::explore {

/// The designs within the target's bounds that the search saw as the most accurate, best first; of
/// those within final.accuracy_margin of the best the largest first (capacity.hpp). At most
/// `wanted`, no genome twice.
std::vector<space::Evaluation> most_promising_within(const RunContext& context,
                                                     const FinalTarget& target, std::size_t wanted);

/// At most `wanted` designs: from the front, as `final.choose` says, filled up with the next best
/// of the ranking that are worth it.
std::vector<space::Evaluation> choose_from_front(const RunContext& context, std::size_t wanted);

}  // namespace gibbon::explore
