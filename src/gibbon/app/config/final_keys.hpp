#pragma once

#include <vector>

#include "gibbon/app/config/config_key.hpp"

namespace gibbon::app::keys {

/// Those of section "final".
std::vector<ConfigKey> final_keys();

}  // namespace gibbon::app::keys
