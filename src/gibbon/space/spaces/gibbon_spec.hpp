#pragma once

#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::space {

/// Throws base::Error as make_gibbon_space() says, but for what hw::validate refuses.
void validate(const GibbonSpaceSpec& spec);

}  // namespace gibbon::space
