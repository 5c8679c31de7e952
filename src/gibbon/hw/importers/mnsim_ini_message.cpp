#include "gibbon/hw/importers/mnsim_ini_message.hpp"

#include <fmt/format.h>

#include <cctype>
#include <sstream>
#include <string_view>

namespace gibbon::hw {

namespace {

struct Words {
  std::string_view ours;
  std::string_view theirs;
};

constexpr Words kWords[] = {
    {"'device.technology_nm'", "[Device level] Device_Tech"},
    {"'device.area_um2'", "[Device level] Device_Area"},
    {"'device.read_latency_ns'", "[Device level] Read_Latency"},
    {"'device.read_voltage_v'", "[Device level] Read_Voltage"},
    {"'device.levels'", "[Device level] Device_Level"},
    {"'device.resistance_ohm'", "[Device level] Device_Resistance"},
    {"'device.variation_percent'", "[Device level] Device_Variation"},
    {"'device.stuck_at_high_percent'", "[Device level] Device_SAF"},
    {"'device.stuck_at_low_percent'", "[Device level] Device_SAF"},
    {"'device.stuck_at_high_percent + device.stuck_at_low_percent'", "[Device level] Device_SAF"},
    {"'crossbar.rows'", "[Crossbar level] Xbar_Size"},
    {"'crossbar.columns'", "[Crossbar level] Xbar_Size"},
    {"'crossbar.subarray_rows'", "[Crossbar level] Subarray_Size"},
    {"'crossbar.transistor_technology_nm'", "[Crossbar level] Transistor_Tech"},
    {"DAC choice", "[Interface level] DAC_Choice"},
    {"'dac.bits'", "[Interface level] DAC_Precision"},
    {"'dac.area_um2'", "[Interface level] DAC_Area"},
    {"'dac.power_w'", "[Interface level] DAC_Power"},
    {"'dac.sample_rate_gsps'", "[Interface level] DAC_Sample_Rate"},
    {"ADC choice", "[Interface level] ADC_Choice"},
    {"'adc.bits'", "[Interface level] ADC_Precision"},
    {"'adc.area_um2'", "[Interface level] ADC_Area"},
    {"'adc.power_w'", "[Interface level] ADC_Power"},
    {"'adc.sample_rate_gsps'", "[Interface level] ADC_Sample_Rate"},
    {"'pe.logic_op'", "[Interface level] Logic_Op"},
    {"'pe.polarity'", "[Process element level] Xbar_Polarity"},
    {"'pe.sub_position'", "[Process element level] Sub_Position"},
    {"'pe.groups'", "[Process element level] Group_Num"},
    {"'pe.dacs_per_subarray'", "[Process element level] DAC_Num"},
    {"'pe.adcs_per_subarray'", "[Process element level] ADC_Num"},
    {"'pe.input_buffer_kb'", "[Process element level] PE_inBuf_Size"},
    {"'tile.output_buffer_kb'", "[Process element level] Tile_outBuf_Size"},
    {"'digital.frequency_mhz'", "[Digital module] Digital_Frequency"},
    {"'digital.adder_technology_nm'", "[Digital module] Adder_Tech"},
    {"'digital.adder.area_um2'", "[Digital module] Adder_Area"},
    {"'digital.adder.power_w'", "[Digital module] Adder_Power"},
    {"'digital.shift_register_technology_nm'", "[Digital module] ShiftReg_Tech"},
    {"'digital.shift_register.area_um2'", "[Digital module] ShiftReg_Area"},
    {"'digital.shift_register.power_w'", "[Digital module] ShiftReg_Power"},
    {"'digital.register_technology_nm'", "[Digital module] Reg_Tech"},
    {"'digital.register.area_um2'", "[Digital module] Reg_Area"},
    {"'digital.register.power_w'", "[Digital module] Reg_Power"},
    {"'digital.joint_module_technology_nm'", "[Digital module] JointModule_Tech"},
    {"'digital.joint_module.area_um2'", "[Digital module] JointModule_Area"},
    {"'digital.joint_module.power_w'", "[Digital module] JointModule_Power"},
    {"'tile.pe_rows'", "[Tile level] PE_Num"},
    {"'tile.pe_columns'", "[Tile level] PE_Num"},
    {"'tile.pooling_size'", "[Tile level] Pooling_shape"},
    {"'tile.pooling_units'", "[Tile level] Pooling_unit_num"},
    {"'tile.pooling_technology_nm'", "[Tile level] Pooling_Tech"},
    {"'tile.inter_tile_bandwidth_gbps'", "[Tile level] Inter_Tile_Bandwidth"},
    {"'tile.intra_tile_bandwidth_gbps'", "[Tile level] Intra_Tile_Bandwidth"},
    {"'chip.tile_rows'", "[Architecture level] Tile_Num"},
    {"'chip.tile_columns'", "[Architecture level] Tile_Num"},
    {"'chip.placement'", "[Architecture level] Tile_Connection"},
    {"'chip.buffer_technology_nm'", "[Architecture level] Buffer_Technology"},
    {"'chip.buffer_bitwidth'", "[Architecture level] Buffer_Bitwidth"},
};

void replace(std::string& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

bool is_of_a_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool has_word(const std::string& text, const std::string& word) {
  if (word.empty()) return false;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !is_of_a_word(text[at - 1]);
    if (begins && (end == text.size() || !is_of_a_word(text[end]))) return true;
  }
  return false;
}

/// Of the key that the message names below a section that it names; else of that section; 0 where
/// it names none.
int line_of(const std::string& message, const std::string& text) {
  std::istringstream lines(text);
  int number = 0;
  int of_section = 0;
  bool is_named = false;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#' || line[first] == ';') continue;
    if (line[first] == '[') {
      const std::string section = line.substr(first, line.find(']', first) + 1 - first);
      is_named = message.find(section) != std::string::npos;
      if (is_named && of_section == 0) of_section = number;
      continue;
    }
    const auto last = line.find_last_not_of(" \t", line.find_first_of("=:", first) - 1);
    if (is_named && has_word(message, line.substr(first, last + 1 - first))) return number;
  }
  return of_section;
}

}  // namespace

std::string message_about_ini(std::string message, const std::string& text) {
  for (const Words& words : kWords) replace(message, words.ours, words.theirs);
  replace(message, "MNSIM configuration: ", "");
  replace(message, "hardware: ", "");
  const int line = line_of(message, text);
  return line == 0 ? message : fmt::format("line {}: {}", line, message);
}

}  // namespace gibbon::hw
