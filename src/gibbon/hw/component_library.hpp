#pragma once

#include <span>

#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::hw {

/// The converters that MNSIM 2.0 ships (DAC.py, ADC.py; its choice numbers), each from a published
/// chip. Throws base::Error for a choice outside 1..7 (DAC) or 1..9 (ADC).
Dac dac_preset(int choice);
Adc adc_preset(int choice);

/// The preset that Gibbon's search space means by a resolution: DAC bits 1, 2; ADC bits
/// 4, 6, 8, 10 (choices 7, 4, 2, 1). Throws base::Error for any other.
Dac dac_of_bits(int bits);
Adc adc_of_bits(int bits);

}  // namespace gibbon::hw
