#pragma once

#include <string>

#include "gibbon/sim/digital/roofline.hpp"

namespace gibbon::report {

/// A line each matrix product; the ceilings are in every line.
std::string roofline_csv(const sim::Roofline& roofline);

/// A plot, 720 x 480, log-log: operations a byte against operations a second. Filled marks lie
/// under the DRAM's ceiling, open ones, of layers that the DRAM has no part in, under the shared
/// memory's. Layers on one spot share a mark, whose tooltip names them; colours tell what binds
/// them.
std::string roofline_svg(const sim::Roofline& roofline);

}  // namespace gibbon::report
