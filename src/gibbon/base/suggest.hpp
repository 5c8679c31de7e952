#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon::base {

/// The candidate with the smallest edit distance (insertions, deletions, substitutions) from
/// `name`, ignoring case; the first of equal ones. nullopt where even that one is too far to be a
/// slip of the hand: more than a third of the longer word's letters, and more than 1.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

/// "; did you mean 'x'?", or nothing: to be put behind an error message.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace gibbon::base
