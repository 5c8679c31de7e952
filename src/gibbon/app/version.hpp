#pragma once

#include <string_view>

namespace gibbon::app {

/// From the build (CMake's project version).
inline constexpr std::string_view kVersion = GIBBON_VERSION;

}  // namespace gibbon::app
