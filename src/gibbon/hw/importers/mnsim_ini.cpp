#include "gibbon/hw/importers/mnsim_ini.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/base/text.hpp"
#include "gibbon/hw/component_area.hpp"
#include "gibbon/hw/component_library.hpp"
#include "gibbon/hw/importers/mnsim_ini_message.hpp"

namespace gibbon::hw {
namespace {

using base::Json;

struct KnownSection {
  const char* name;
  std::vector<std::string> keys;
};

const std::vector<KnownSection>& known_sections() {
  static const std::vector<KnownSection> kSections = {
      {"Device level",
       {"Device_Tech", "Device_Type", "Device_Area", "Read_Level", "Read_Voltage", "Write_Level",
        "Write_Voltage", "Read_Latency", "Write_Latency", "Device_Level", "Device_Resistance",
        "Device_Variation", "Device_SAF", "Read_Energy", "Write_Energy"}},
      {"Crossbar level",
       {"Xbar_Size", "Subarray_Size", "Cell_Type", "Transistor_Tech", "Wire_Resistance",
        "Wire_Capacity", "Load_Resistance", "Area_Calculation"}},
      {"Interface level",
       {"DAC_Choice", "DAC_Area", "DAC_Precision", "DAC_Power", "DAC_Sample_Rate", "ADC_Choice",
        "ADC_Area", "ADC_Precision", "ADC_Power", "ADC_Sample_Rate", "ADC_Interval_Thres",
        "Logic_Op"}},
      {"Process element level",
       {"PIM_Type", "Xbar_Polarity", "Sub_Position", "Group_Num", "DAC_Num", "ADC_Num",
        "PE_inBuf_Size", "PE_inBuf_Area", "Tile_outBuf_Size", "Tile_outBuf_Area", "DFU_Buf_Size",
        "DFU_Buf_Area"}},
      {"Digital module",
       {"Digital_Frequency", "Adder_Tech", "Adder_Area", "Adder_Power", "Multiplier_Tech",
        "Multiplier_Area", "Multiplier_Power", "ShiftReg_Tech", "ShiftReg_Area", "ShiftReg_Power",
        "Reg_Tech", "Reg_Area", "Reg_Power", "JointModule_Tech", "JointModule_Area",
        "JointModule_Power"}},
      {"Tile level",
       {"PE_Num", "Pooling_shape", "Pooling_unit_num", "Pooling_Tech", "Pooling_area",
        "Tile_Adder_Num", "Tile_Adder_Level", "Tile_ShiftReg_Num", "Tile_ShiftReg_Level",
        "Inter_Tile_Bandwidth", "Intra_Tile_Bandwidth", "Tile_outBuf_Size", "Tile_outBuf_Area",
        "DFU_Buf_Size", "DFU_Buf_Area"}},
      {"Architecture level",
       {"Buffer_Choice", "Buffer_Technology", "Buffer_ReadPower", "Buffer_WritePower",
        "Buffer_Bitwidth", "LUT_Capacity", "LUT_Area", "LUT_Power", "LUT_Bandwidth",
        "Tile_Connection", "Tile_Num"}},
      {"Algorithm Configuration", {"Weight_Polarity", "Simulation_Level", "NoC_enable"}},
  };
  return kSections;
}

const KnownSection& known_section(const std::string& name) {
  std::vector<std::string> names;
  for (const KnownSection& section : known_sections()) {
    if (section.name == name) return section;
    names.emplace_back(section.name);
  }
  throw base::Error(fmt::format("MNSIM configuration: unknown section [{}]{}", name,
                                base::did_you_mean(name, names)));
}

void refuse_unknown_keys(const Json& sections) {
  for (const auto& section : sections.items()) {
    const KnownSection& known = known_section(section.key());
    for (const auto& entry : section.value().items()) {
      if (std::find(known.keys.begin(), known.keys.end(), entry.key()) != known.keys.end()) {
        continue;
      }
      throw base::Error(fmt::format("MNSIM configuration: unknown key '{}' in [{}]{}", entry.key(),
                                    section.key(), base::did_you_mean(entry.key(), known.keys)));
    }
  }
}

/// Nothing for a fraction and for what an int does not hold.
std::optional<int> as_integer(double value) {
  constexpr double kMost = 1e9;
  if (!(std::abs(value) <= kMost) || std::trunc(value) != value) return std::nullopt;
  return static_cast<int>(value);
}

/// Access to one section with messages that name section and key.
class Section {
 public:
  Section(const Json& sections, const char* name) : name_(name) {
    const auto found = sections.find(name);
    if (found == sections.end()) {
      throw base::Error(fmt::format("MNSIM configuration: no section [{}]", name));
    }
    json_ = &*found;
  }

  double number(const char* key) const {
    const Json& value = at(key);
    if (!value.is_number()) refuse(key, "a number");
    return value.get<double>();
  }

  int integer(const char* key) const {
    const auto whole = as_integer(number(key));
    if (!whole) refuse(key, "a whole number");
    return *whole;
  }

  double number_or(const char* key, double fallback) const {
    const double value = number(key);
    return value == 0 ? fallback : value;
  }

  int integer_or(const char* key, int fallback) const {
    const int value = integer(key);
    return value == 0 ? fallback : value;
  }

  std::vector<double> numbers(const char* key) const {
    const Json& value = at(key);
    if (value.is_number()) return {value.get<double>()};
    const bool list = value.is_array() && std::all_of(value.begin(), value.end(),
                                                      [](const Json& e) { return e.is_number(); });
    if (!list) refuse(key, "a list of numbers");
    return value.get<std::vector<double>>();
  }

  std::array<int, 2> pair(const char* key) const {
    const std::vector<double> values = numbers(key);
    if (values.size() != 2) refuse(key, "two numbers");
    const auto first = as_integer(values[0]);
    const auto second = as_integer(values[1]);
    if (!first || !second) refuse(key, "two whole numbers");
    return {*first, *second};
  }

  /// The position of the value among the allowed words or numbers.
  int one_of(const char* key, const std::vector<Json>& allowed) const {
    const Json& value = at(key);
    const auto found = std::find(allowed.begin(), allowed.end(), value);
    if (found == allowed.end()) refuse(key, fmt::format("one of {}", Json(allowed).dump()));
    return static_cast<int>(found - allowed.begin());
  }

  [[noreturn]] void refuse(const char* key, const std::string& needed) const {
    throw base::Error(fmt::format("MNSIM configuration: [{}] {} is {}, {} is needed", name_, key,
                                  at(key).dump(), needed));
  }

 private:
  const Json& at(const char* key) const {
    const auto found = json_->find(key);
    if (found == json_->end()) {
      throw base::Error(fmt::format("MNSIM configuration: no key '{}' in [{}]", key, name_));
    }
    return *found;
  }

  const char* name_;
  const Json* json_;
};

Device read_device(const Section& s) {
  Device device;
  device.type = static_cast<DeviceType>(s.one_of("Device_Type", {"NVM", "SRAM"}));
  device.technology_nm = s.number("Device_Tech");
  device.area_um2 = s.number("Device_Area");
  device.read_voltage_v = s.numbers("Read_Voltage");
  device.read_latency_ns = s.number("Read_Latency");
  device.levels = s.integer("Device_Level");
  device.resistance_ohm = s.numbers("Device_Resistance");
  device.variation_percent = s.number("Device_Variation");
  const std::vector<double> stuck = s.numbers("Device_SAF");
  if (stuck.size() != 2) s.refuse("Device_SAF", "two percentages");
  device.stuck_at_high_percent = stuck[0];
  device.stuck_at_low_percent = stuck[1];
  return device;
}

Crossbar read_crossbar(const Section& s) {
  Crossbar crossbar;
  const auto size = s.pair("Xbar_Size");
  crossbar.rows = size[0];
  crossbar.columns = size[1];
  crossbar.subarray_rows = s.integer("Subarray_Size");
  crossbar.cell = static_cast<CellType>(s.one_of("Cell_Type", {"0T1R", "1T1R"}));
  crossbar.transistor_technology_nm = s.number("Transistor_Tech");
  crossbar.area_rule = static_cast<AreaRule>(s.one_of("Area_Calculation", {0, 1}));
  return crossbar;
}

Dac read_dac(const Section& s, PimType pim_type) {
  const int choice = s.integer("DAC_Choice");
  if (choice == -1) {
    return {-1, s.integer("DAC_Precision"), s.number("DAC_Area"), s.number("DAC_Power"),
            s.number("DAC_Sample_Rate")};
  }
  return dac_preset(pim_type == PimType::kDigital ? 1 : choice);
}

Adc read_adc(const Section& s, PimType pim_type) {
  const int choice = s.integer("ADC_Choice");
  if (choice == -1) {
    const int bits = s.integer("ADC_Precision");
    return {
        -1, bits, bits, s.number("ADC_Area"), s.number("ADC_Power"), s.number("ADC_Sample_Rate")};
  }
  const Adc chosen = adc_preset(choice);
  if (pim_type == PimType::kAnalogue) return chosen;
  // A digital PIM is costed with sense amplifiers, but MNSIM's accuracy path keeps the ADC.
  Adc sense_amplifier = adc_preset(8);
  sense_amplifier.accuracy_bits = chosen.accuracy_bits;
  return sense_amplifier;
}

ProcessingElement read_pe(const Section& s, const Section& interface) {
  ProcessingElement pe;
  pe.pim_type = static_cast<PimType>(s.one_of("PIM_Type", {0, 1}));
  pe.polarity = s.integer("Xbar_Polarity");
  pe.sub_position = s.integer("Sub_Position");
  pe.groups = s.integer_or("Group_Num", 1);
  pe.dacs_per_subarray = s.integer("DAC_Num");
  if (pe.dacs_per_subarray <= 0) s.refuse("DAC_Num", "a number above 0");
  pe.logic_op = interface.integer("Logic_Op");
  pe.input_buffer_kb = s.number("PE_inBuf_Size");
  pe.input_buffer_from_mapping = pe.input_buffer_kb == 0;
  return pe;
}

UnitOverride read_override(const Section& s, const char* area_key, const char* power_key) {
  UnitOverride unit;
  if (const double area = s.number(area_key); area != 0) unit.area_um2 = area;
  if (const double power = s.number(power_key); power != 0) unit.power_w = power;
  return unit;
}

DigitalModules read_digital(const Section& s) {
  DigitalModules digital;
  digital.frequency_mhz = s.number("Digital_Frequency");
  digital.adder_technology_nm = s.number("Adder_Tech");
  digital.adder = read_override(s, "Adder_Area", "Adder_Power");
  digital.shift_register_technology_nm = s.number("ShiftReg_Tech");
  digital.shift_register = read_override(s, "ShiftReg_Area", "ShiftReg_Power");
  digital.register_technology_nm = s.number("Reg_Tech");
  digital.reg = read_override(s, "Reg_Area", "Reg_Power");
  digital.joint_module_technology_nm = s.number("JointModule_Tech");
  digital.joint_module = read_override(s, "JointModule_Area", "JointModule_Power");
  return digital;
}

/// Both buffers are configured in "Process element level"; MNSIM ignores the copies of the keys
/// under "Tile level" [Q13].
Tile read_tile(const Section& s, const Section& pe) {
  Tile tile;
  const auto elements = s.pair("PE_Num");
  if (elements[0] <= 0 || elements[1] <= 0) s.refuse("PE_Num", "two numbers above 0");
  tile.pe_rows = elements[0];
  tile.pe_columns = elements[1];
  const auto window = s.pair("Pooling_shape");
  tile.pooling_size = window[0] * window[1] == 0 ? 9 : window[0] * window[1];
  tile.pooling_units = s.integer_or("Pooling_unit_num", 64);
  tile.pooling_technology_nm = s.number_or("Pooling_Tech", 65);
  tile.inter_tile_bandwidth_gbps = s.number("Inter_Tile_Bandwidth");
  tile.intra_tile_bandwidth_gbps = s.number("Intra_Tile_Bandwidth");
  tile.output_buffer_kb = pe.number("Tile_outBuf_Size");
  tile.output_buffer_from_mapping = tile.output_buffer_kb == 0;
  return tile;
}

Chip read_chip(const Section& s) {
  Chip chip;
  const auto grid = s.pair("Tile_Num");
  chip.tile_rows = grid[0] == 0 ? 8 : grid[0];
  chip.tile_columns = grid[1] == 0 ? 8 : grid[1];
  chip.placement = static_cast<TilePlacement>(s.one_of("Tile_Connection", {0, 1, 2, 3}));
  chip.buffer_technology_nm = s.number_or("Buffer_Technology", 65);
  chip.buffer_bitwidth = s.integer_or("Buffer_Bitwidth", 256);
  return chip;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

Json value_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    const auto whole = static_cast<long long>(std::clamp(number, -1e15, 1e15));
    return static_cast<double>(whole) == number ? Json(whole) : Json(number);
  }
  if (text.find(',') == std::string::npos) return Json(text);
  Json list = Json::array();
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) list.push_back(value_of(trimmed(part)));
  return list;
}

/// As MNSIM's reader does.
void refuse_second(const Json& known, const std::string& name, int line_number) {
  if (!known.contains(name)) return;
  throw base::Error(fmt::format("line {}: '{}' is given a second time", line_number, name));
}

Json parse_ini(const std::string& text) {
  Json sections = Json::object();
  std::string section;
  std::istringstream lines(text);
  int line_number = 0;
  for (std::string raw; std::getline(lines, raw);) {
    ++line_number;
    const std::string line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      section = trimmed(std::string_view(line).substr(1, line.size() - 2));
      refuse_second(sections, section, line_number);
      sections[section] = Json::object();
      continue;
    }
    const auto equals = line.find_first_of("=:");
    if (equals == std::string::npos || section.empty()) {
      throw base::Error(fmt::format("line {}: '{}' is neither [section] nor key = value below one",
                                    line_number, line));
    }
    const std::string key = trimmed(line.substr(0, equals));
    refuse_second(sections[section], key, line_number);
    sections[section][key] = value_of(trimmed(line.substr(equals + 1)));
  }
  return sections;
}

}  // namespace

HardwareConfig hardware_from_mnsim_sections(const base::Json& sections) {
  refuse_unknown_keys(sections);
  const Section interface(sections, "Interface level");
  const Section pe(sections, "Process element level");
  const Section algorithm(sections, "Algorithm Configuration");
  if (algorithm.integer("NoC_enable") != 0) {
    algorithm.refuse("NoC_enable", "0 (a simulated network on chip is not modelled)");
  }

  HardwareConfig config;
  config.name = "mnsim";
  config.device = read_device(Section(sections, "Device level"));
  config.crossbar = read_crossbar(Section(sections, "Crossbar level"));
  config.pe = read_pe(pe, interface);
  config.dac = read_dac(interface, config.pe.pim_type);
  config.adc = read_adc(interface, config.pe.pim_type);
  const int adcs = pe.integer("ADC_Num");
  config.pe.adcs_per_subarray = adcs == 0 ? adcs_that_fit(config) : adcs;
  config.digital = read_digital(Section(sections, "Digital module"));
  config.tile = read_tile(Section(sections, "Tile level"), pe);
  config.chip = read_chip(Section(sections, "Architecture level"));
  config.power_detail = static_cast<PowerDetail>(algorithm.one_of("Simulation_Level", {0, 1}));
  validate(config);
  return config;
}

HardwareConfig hardware_from_mnsim_ini(const std::filesystem::path& path) {
  const std::string text = base::read_text_file(path);
  try {
    HardwareConfig config = hardware_from_mnsim_sections(parse_ini(text));
    config.name = path.stem().string();
    return config;
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), message_about_ini(error.what(), text)));
  }
}

}  // namespace gibbon::hw
