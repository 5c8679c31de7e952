#pragma once

#include <filesystem>

#include "gibbon/base/json.hpp"
#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::hw {

/// Reads MNSIM 2.0's SimConfig.ini. Its values that mean "default" (0, -1) are resolved here:
/// Group_Num 0 is 1, Pooling_shape 0 is 3 x 3, Pooling_unit_num 0 is 64, technologies 0 are 65 nm,
/// Buffer_Bitwidth 0 is 256, Tile_Num 0 is 8 x 8, ADC_Num 0 is what fits below the crossbars;
/// buffer sizes of 0 become "from the mapping". A digital PIM (PIM_Type 1) gets DAC 1 and ADC 8
/// unless they are the user's own. Keys that MNSIM reads without effect are accepted; unknown ones
/// are refused. Throws base::Error naming the file, line or key, and what is allowed.
HardwareConfig hardware_from_mnsim_ini(const std::filesystem::path& path);

/// The same from {section: {key: value}} with numbers, lists of numbers and words as values.
HardwareConfig hardware_from_mnsim_sections(const base::Json& sections);

}  // namespace gibbon::hw
