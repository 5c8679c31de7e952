#include "gibbon/hw/component_library.hpp"

#include <fmt/format.h>

#include <array>

#include "gibbon/base/error.hpp"

namespace gibbon::hw {
namespace {

// MNSIM 2.0's converters (its DAC.py and ADC.py): choice, bits, area, power, samples. The power of
// DAC 6 is a factor of 1000 above the series of the others (an 8-bit converter of 0.4992 mW would
// fit) [Q9]: kept, since every published figure was made with it.
constexpr std::array<Dac, 7> kDacs = {{
    {1, 1, 0.166, 3.9e-6, 1},
    {2, 2, 0.332, 7.8e-6, 1},
    {3, 3, 0.664, 1.56e-5, 1},
    {4, 4, 1.328, 3.12e-5, 1},
    {5, 6, 5.312, 1.248e-4, 1},
    {6, 8, 21.248, 0.4992, 1},
    {7, 1, 0.166, 3.9e-6, 1},
}};

// Choice 9 has 8 bits in MNSIM's hardware models and 6 in its accuracy path [Q10].
constexpr std::array<Adc, 9> kAdcs = {{
    {1, 10, 10, 1600, 6.92e-3, 1.5},
    {2, 8, 8, 1200, 2e-3, 1.28},
    {3, 8, 8, 1650, 4e-3, 1.1},
    {4, 6, 6, 580, 1.26e-3, 1},
    {5, 8, 8, 1650, 4e-3, 1.1},
    {6, 6, 6, 1650, 1.26e-3, 1},
    {7, 4, 4, 500, 7e-4, 1},
    {8, 1, 1, 1, 1.629e-6, 1},
    {9, 8, 6, 15899, 5.84e-5, 6},
}};

}  // namespace

Dac dac_preset(int choice) {
  if (choice < 1 || choice > static_cast<int>(kDacs.size())) {
    throw base::Error(fmt::format("DAC choice is {}, allowed are 1 to {}", choice, kDacs.size()));
  }
  return kDacs[static_cast<std::size_t>(choice - 1)];
}

Adc adc_preset(int choice) {
  if (choice < 1 || choice > static_cast<int>(kAdcs.size())) {
    throw base::Error(fmt::format("ADC choice is {}, allowed are 1 to {}", choice, kAdcs.size()));
  }
  return kAdcs[static_cast<std::size_t>(choice - 1)];
}

Dac dac_of_bits(int bits) {
  if (bits == 1 || bits == 2) return dac_preset(bits);
  throw base::Error(fmt::format("DAC bits is {}, allowed are 1, 2", bits));
}

Adc adc_of_bits(int bits) {
  switch (bits) {
    case 4:
      return adc_preset(7);
    case 6:
      return adc_preset(4);
    case 8:
      return adc_preset(2);
    case 10:
      return adc_preset(1);
    default:
      throw base::Error(fmt::format("ADC bits is {}, allowed are 4, 6, 8, 10", bits));
  }
}

}  // namespace gibbon::hw
