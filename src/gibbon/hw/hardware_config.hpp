#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/hw/digital_cim.hpp"

namespace gibbon::hw {

/// The memory cell. Units are in the names; the model that reads them is named in docs/models/.
enum class DeviceType { kNvm, kSram };
struct Device {
  DeviceType type = DeviceType::kNvm;
  double technology_nm = 130;
  double area_um2 = 1.44;
  std::vector<double> read_voltage_v = {0, 0.15};
  double read_latency_ns = 3.16;
  int levels = 2;                                   ///< distinguishable states of one cell
  std::vector<double> resistance_ohm = {1e6, 1e4};  ///< one a level, highest first
  double variation_percent = 1;                     ///< standard deviation of a resistance
  double stuck_at_high_percent = 0.1;  ///< cells that always read the highest resistance
  double stuck_at_low_percent = 0.1;

  /// floor(log2(levels))
  int bits() const;
};

enum class CellType { k0T1R, k1T1R };
/// How the crossbar's area is found: from the cell's own area, or from technology and cell type.
enum class AreaRule { kDeviceArea, kTechnology };
struct Crossbar {
  int rows = 256;
  int columns = 256;
  int subarray_rows = 256;
  CellType cell = CellType::k1T1R;
  double transistor_technology_nm = 130;
  AreaRule area_rule = AreaRule::kDeviceArea;
};

/// One converter. `choice` is MNSIM's number of the preset, or -1 for a converter of the user's.
struct Dac {
  int choice = 1;
  int bits = 1;
  double area_um2 = 0.166;
  double power_w = 3.9e-6;
  double sample_rate_gsps = 1;
};
struct Adc {
  int choice = 1;
  int bits = 10;
  int accuracy_bits = 10;  ///< as the accuracy path sees it; differs for choice 9 in MNSIM
  double area_um2 = 1600;
  double power_w = 6.92e-3;
  double sample_rate_gsps = 1.5;
};

enum class PimType { kAnalogue, kDigital };
/// A processing element: crossbars with their converters.
struct ProcessingElement {
  PimType pim_type = PimType::kAnalogue;
  int polarity = 2;             ///< 2: positive and negative crossbars; 1: signed digits in one
  int sub_position = 0;         ///< polarity 2: subtract 0 in analogue, 1 after the ADC
  int groups = 1;               ///< crossbar groups, one bit plane each
  int dacs_per_subarray = 128;  ///< wordlines of a subarray active at once
  int adcs_per_subarray = 128;  ///< bitlines of a subarray converted at once
  int logic_op = -1;            ///< extra logic beside an ADC: -1 none, 0, 1, 2 (MNSIM's numbers)
  double input_buffer_kb = 0;   ///< 0 if input_buffer_from_mapping
  bool input_buffer_from_mapping = true;
};

/// A digital part's own figures; what is absent comes from the part's technology.
struct UnitOverride {
  std::optional<double> area_um2;
  std::optional<double> power_w;
};
struct DigitalModules {
  double frequency_mhz = 500;
  double adder_technology_nm = 45;
  UnitOverride adder;
  double shift_register_technology_nm = 65;
  UnitOverride shift_register;
  double register_technology_nm = 45;
  UnitOverride reg;
  double joint_module_technology_nm = 45;
  UnitOverride joint_module;
};

struct Tile {
  int pe_rows = 2;
  int pe_columns = 2;
  int pooling_size = 9;  ///< elements of the pooling unit's window
  int pooling_units = 64;
  double pooling_technology_nm = 65;
  double inter_tile_bandwidth_gbps = 20;
  double intra_tile_bandwidth_gbps = 1024;
  double output_buffer_kb = 0;  ///< 0 if output_buffer_from_mapping
  bool output_buffer_from_mapping = true;

  int pe_count() const { return pe_rows * pe_columns; }
};

/// The order in which tiles are placed on the chip.
enum class TilePlacement { kRowByRow, kSnake, kSquares, kZigZag };
struct Chip {
  int tile_rows = 64;
  int tile_columns = 64;
  TilePlacement placement = TilePlacement::kSquares;
  double buffer_technology_nm = 90;
  int buffer_bitwidth = 64;
};

/// What computes a transformer's layers other than the products with weights, on a chip of
/// crossbars: one unit for each such layer (docs/models/vector_unit.md).
struct VectorUnit {
  int lanes = 256;            ///< 16-bit operations a cycle of digital.frequency_mhz
  double technology_nm = 45;  ///< 45, 28, 22, 16, 7 or 5
  double voltage_v = 0.9;
};

/// Whether unselected and partly used crossbars are seen by the read power.
enum class PowerDetail { kUsedCells, kWholeArray };

/// A complete PIM accelerator. Every value is there: no 0 or -1 stands for "default" (but
/// converter presets keep MNSIM's choice number for their users). A value type, compared and
/// hashed by its JSON.
struct HardwareConfig {
  std::string name = "default";
  Device device;
  Crossbar crossbar;
  Dac dac;
  Adc adc;
  ProcessingElement pe;
  DigitalModules digital;
  Tile tile;
  Chip chip;
  VectorUnit vector_unit;
  PowerDetail power_detail = PowerDetail::kUsedCells;
  std::optional<DigitalCim> digital_cim;  ///< of the cost model digital_cim, which reads it alone
  bool has_crossbars = true;  ///< false where digital_cim is all that the chip's file describes
};

/// JSON both ways, sections and keys as the fields above, enumerations as words ("nvm", "1T1R",
/// "zigzag"). from_json starts from the defaults, refuses unknown keys (naming the nearest known
/// one) and wrong types with base::Error naming the key path and what is allowed, and validates. A
/// converter's `choice` alone brings the whole preset. JSON of a name and digital_cim alone is a
/// chip without crossbars.
base::Json to_json(const HardwareConfig& config);
HardwareConfig hardware_from_json(const base::Json& json);

/// Throws base::Error naming the key path, the value and what is allowed.
void validate(const HardwareConfig& config);

}  // namespace gibbon::hw
