#pragma once

#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::hw {

/// Area of one crossbar with its drivers, um^2 (MNSIM 2.0, Crossbar.py and ProcessElement.py; see
/// docs/models/area.md). It lives here because MNSIM derives the number of ADCs from it.
double crossbar_area_um2(const Device& device, const Crossbar& crossbar, PimType pim_type);

/// Area of one ADC with the logic beside it, um^2. MNSIM adds the logic again at every call for a
/// user's ADC [Q11]; here it is counted once.
double adc_area_um2(const Adc& adc, int logic_op);

/// The ADCs of a subarray where none are given: as many as fit below the crossbars they serve, side
/// by side, at most one a column.
int adcs_that_fit(const HardwareConfig& config);

}  // namespace gibbon::hw
