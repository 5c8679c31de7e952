#include "gibbon/hw/importers/mnsim_ini.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::hw {
namespace {

using base::Json;
using testing::AllOf;
using testing::HasSubstr;

const char* const kIni = R"(# a comment
[Device level]
Device_Tech = 130
Device_Type = NVM
Device_Area = 1.44
Read_Voltage = 0,0.15
Read_Latency = 3.16
Device_Level = 2
Device_Resistance = 1e6,1e4
Device_Variation = 1
Device_SAF = 0.1,0.2
[Crossbar level]
Xbar_Size = 256,256
Subarray_Size = 256
Cell_Type = 1T1R
Transistor_Tech = 130
Area_Calculation = 0
[Interface level]
DAC_Choice = 1
ADC_Choice = 6
Logic_Op = -1
[Process element level]
PIM_Type = 0
Xbar_Polarity = 2
Sub_Position = 0
Group_Num = 0
DAC_Num = 128
ADC_Num = 0
PE_inBuf_Size = 0
Tile_outBuf_Size = 8
[Digital module]
Digital_Frequency = 500
Adder_Tech = 45
Adder_Area = 5
Adder_Power = 0
ShiftReg_Tech = 65
ShiftReg_Area = 0
ShiftReg_Power = 0
Reg_Tech = 45
Reg_Area = 0
Reg_Power = 0
JointModule_Tech = 45
JointModule_Area = 0
JointModule_Power = 0
[Tile level]
PE_Num = 2,3
Pooling_shape = 0,0
Pooling_unit_num = 0
Pooling_Tech = 0
Inter_Tile_Bandwidth = 20
Intra_Tile_Bandwidth = 1024
; another comment
Tile_outBuf_Size = 77
[Architecture level]
Buffer_Technology = 0
Buffer_Bitwidth = 0
Tile_Connection = 1
Tile_Num = 0,0
[Algorithm Configuration]
Simulation_Level = 1
NoC_enable = 0
)";

/// A folder of this process, since tests run side by side; gone with it.
class OwnFolder {
 public:
  OwnFolder() { std::filesystem::create_directories(path_); }
  ~OwnFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("gibbon_ini_" + std::to_string(getpid()));
};

HardwareConfig import(const std::string& text) {
  static const OwnFolder folder;
  const auto path = folder.path() / "SimConfig.ini";
  std::ofstream(path) << text;
  return hardware_from_mnsim_ini(path);
}

std::string with(std::string from, const std::string& to) {
  std::string text = kIni;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ini_error(const std::string& text) {
  return test::error_of([&] { import(text); });
}

TEST(MnsimIni, ResolvesWhatMeansDefault) {
  const HardwareConfig config = import(kIni);
  EXPECT_EQ(config.name, "SimConfig");
  EXPECT_EQ(config.pe.groups, 1);
  EXPECT_EQ(config.pe.adcs_per_subarray, 31);  // see ComponentArea.AdcsThatFit
  EXPECT_TRUE(config.pe.input_buffer_from_mapping);
  EXPECT_FALSE(config.tile.output_buffer_from_mapping);
  EXPECT_DOUBLE_EQ(config.tile.output_buffer_kb, 8);  // not the ignored copy, 77
  EXPECT_EQ(config.tile.pe_count(), 6);
  EXPECT_EQ(config.tile.pooling_size, 9);
  EXPECT_EQ(config.tile.pooling_units, 64);
  EXPECT_DOUBLE_EQ(config.tile.pooling_technology_nm, 65);
  EXPECT_DOUBLE_EQ(config.chip.buffer_technology_nm, 65);
  EXPECT_EQ(config.chip.buffer_bitwidth, 256);
  EXPECT_EQ(config.chip.tile_rows, 8);
  EXPECT_EQ(config.chip.placement, TilePlacement::kSnake);
  EXPECT_EQ(config.power_detail, PowerDetail::kWholeArray);
  EXPECT_EQ(config.digital.adder.area_um2, 5.0);
  EXPECT_FALSE(config.digital.adder.power_w.has_value());
  EXPECT_DOUBLE_EQ(config.device.stuck_at_low_percent, 0.2);
}

TEST(MnsimIni, DigitalPimGetsSenseAmplifiers) {
  const HardwareConfig config = import(with("PIM_Type = 0", "PIM_Type = 1"));
  EXPECT_EQ(config.adc.choice, 8);
  EXPECT_EQ(config.adc.bits, 1);
  EXPECT_EQ(config.adc.accuracy_bits, 6);
  EXPECT_EQ(config.dac.choice, 1);
}

TEST(MnsimIni, NamesWhatIsWrong) {
  EXPECT_THAT(ini_error(with("Sub_Position", "Sub_Positon")),
              AllOf(HasSubstr("SimConfig.ini"), HasSubstr("'Sub_Positon'"),
                    HasSubstr("did you mean 'Sub_Position'")));
  EXPECT_THAT(ini_error(with("[Tile level]", "[Tile levels]")),
              AllOf(HasSubstr("[Tile levels]"), HasSubstr("'Tile level'")));
  EXPECT_THAT(ini_error(with("Group_Num = 0\n", "")), HasSubstr("no key 'Group_Num'"));
  EXPECT_THAT(ini_error(with("# a comment", "nonsense")), HasSubstr("line 1: 'nonsense'"));
  EXPECT_THAT(ini_error(with("NVM", "DRAM")), HasSubstr("one of [\"NVM\",\"SRAM\"]"));
  EXPECT_THAT(ini_error(with("DAC_Num = 128", "DAC_Num = 0")), HasSubstr("above 0"));
  EXPECT_THAT(ini_error(with("PE_Num = 2,3", "PE_Num = 0,0")), HasSubstr("above 0"));
  EXPECT_THAT(ini_error(with("PE_Num = 2,3", "PE_Num = 2")), HasSubstr("two numbers"));
  EXPECT_THAT(ini_error(with("NoC_enable = 0", "NoC_enable = 1")), HasSubstr("NoC_enable is 1"));
  EXPECT_THAT(ini_error(with("Device_SAF = 0.1,0.2", "Device_SAF = 0.1")),
              HasSubstr("two percentages"));
  EXPECT_THAT(ini_error(with("Digital_Frequency = 500", "Digital_Frequency = fast")),
              HasSubstr("a number is needed"));
  EXPECT_THAT(ini_error(with("Device_Level = 2", "Device_Level = 2.5")),
              HasSubstr("a whole number"));
  for (const char* groups : {"Group_Num = 1.7", "Group_Num = 1e12"}) {
    EXPECT_THAT(ini_error(with("Group_Num = 0", groups)), HasSubstr("a whole number"));
  }
  EXPECT_THAT(ini_error(with("PE_Num = 2,3", "PE_Num = 2,1e12")), HasSubstr("two whole numbers"));
  EXPECT_THAT(ini_error(with("ADC_Choice = 6", "ADC_Choice = 6\nADC_Choice = 1")),
              HasSubstr("line 21: 'ADC_Choice' is given a second time"));
  EXPECT_THAT(ini_error(with("[Tile level]", "[Device level]")),
              HasSubstr("'Device level' is given a second time"));
  EXPECT_THAT(
      ini_error(with("[Algorithm Configuration]\nSimulation_Level = 1\nNoC_enable = 0\n", "")),
      HasSubstr("no section [Algorithm Configuration]"));
}

TEST(MnsimIni, ReadsEveryReferenceCase) {
  const std::filesystem::path folder =
      std::filesystem::path(GIBBON_SOURCE_DIR) / "../shared/mnsim/hardware";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no reference cases at " << folder;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const Json json = Json::parse(base::read_file(file.path()));
    EXPECT_NO_THROW(hardware_from_mnsim_sections(json.at("hardware"))) << file.path();
  }
}

// Lines are those of kIni, whose first is the comment.
TEST(MnsimIni, ErrorsNameTheLineAndTheKeyOfTheFile) {
  for (const auto& [from, to, message] :
       {std::tuple{"Device_Tech = 130", "Device_Tech = -5",
                   "line 3: [Device level] Device_Tech is -5, allowed is a number above 0"},
        {"Xbar_Size = 256,256", "Xbar_Size = 256,0",
         "line 13: [Crossbar level] Xbar_Size is 0, allowed is 1 to "},
        {"DAC_Choice = 1", "DAC_Choice = 9",
         "line 19: [Interface level] DAC_Choice is 9, allowed are 1 to "},
        {"Xbar_Polarity = 2", "Xbar_Polarity = 0",
         "line 24: [Process element level] Xbar_Polarity is 0, allowed is 1 to 2"},
        {"Sub_Position", "Sub_Positon",
         "line 25: unknown key 'Sub_Positon' in [Process element level]; did you mean "},
        {"Group_Num = 0\n", "", "line 22: no key 'Group_Num' in [Process element level]"},
        {"Reg_Tech = 45\nReg", "Reg_Tech = 0\nReg",
         "line 39: [Digital module] Reg_Tech is 0, allowed is a number above 0"},
        {"[Tile level]", "[Tile levels]", "line 45: unknown section [Tile levels]"}}) {
    EXPECT_THAT(ini_error(with(from, to)), HasSubstr(std::string("SimConfig.ini: ") + message));
  }
}

}  // namespace
}  // namespace gibbon::hw
