#pragma once

#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::sim {

/// Time of one conversion, ns: a DAC takes (bits + 2) samples.
double dac_latency_ns(const hw::Dac& dac);

/// A sense amplifier (1 bit) takes one sample, a converter bits + 2, MNSIM's choice 9 (a ramp) one
/// for each of its 2^bits levels.
double adc_latency_ns(const hw::Adc& adc);

}  // namespace gibbon::sim
