#pragma once

#include <string>

#include "gibbon/space/search_space.hpp"

namespace gibbon::space {

/// 16 hexadecimal digits that tell spaces apart by what they make: their genes, and the networks
/// and chips, in full, of 32 designs drawn by a fixed seed. Another chip to start from, another
/// choice of a gene or another shape of a block gives others (but for the chance that no drawn
/// design shows it); another name or file does not.
std::string fingerprint(const SearchSpace& space);

}  // namespace gibbon::space
