#include "gibbon/sim/circuits/converters.hpp"

namespace gibbon::sim {

double dac_latency_ns(const hw::Dac& dac) {
  return (dac.bits + 2) / dac.sample_rate_gsps;
}

double adc_latency_ns(const hw::Adc& adc) {
  constexpr int kRampChoice = 9;
  if (adc.bits == 1) return 1 / adc.sample_rate_gsps;
  if (adc.choice == kRampChoice) return (1 << adc.bits) / adc.sample_rate_gsps;
  return (adc.bits + 2) / adc.sample_rate_gsps;
}

}  // namespace gibbon::sim
