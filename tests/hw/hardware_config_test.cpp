#include "gibbon/hw/hardware_config.hpp"

#include <gmock/gmock.h>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/hw/component_area.hpp"
#include "gibbon/hw/component_library.hpp"

namespace gibbon::hw {
namespace {

using base::Json;
using testing::AllOf;
using testing::HasSubstr;

std::string json_error(const Json& json) {
  return test::error_of([&] { hardware_from_json(json); });
}

TEST(HardwareConfig, JsonRoundTripKeepsEveryField) {
  HardwareConfig config;
  config.name = "mine";
  config.device.type = DeviceType::kSram;
  config.device.levels = 4;
  config.device.resistance_ohm = {4e5, 3e5, 2e5, 1e5};
  config.crossbar.cell = CellType::k0T1R;
  config.crossbar.area_rule = AreaRule::kTechnology;
  config.dac = dac_preset(2);
  config.adc = {-1, 7, 7, 900, 1.5e-3, 1.2};
  config.pe.pim_type = PimType::kDigital;
  config.pe.input_buffer_kb = 16;
  config.pe.input_buffer_from_mapping = false;
  config.digital.adder.area_um2 = 5;
  config.chip.placement = TilePlacement::kZigZag;
  config.power_detail = PowerDetail::kWholeArray;
  const Json json = to_json(config);
  const HardwareConfig again = hardware_from_json(json);
  EXPECT_EQ(to_json(again), json);
  EXPECT_EQ(again.device.type, DeviceType::kSram);
  EXPECT_EQ(again.chip.placement, TilePlacement::kZigZag);
  EXPECT_EQ(again.digital.adder.area_um2, 5.0);
  EXPECT_FALSE(again.digital.adder.power_w.has_value());
  EXPECT_DOUBLE_EQ(again.adc.sample_rate_gsps, 1.2);
}

TEST(HardwareConfig, TheDigitalChipIsASectionOfItsOwn) {
  EXPECT_FALSE(hardware_from_json(Json::object()).digital_cim.has_value());
  HardwareConfig config;
  config.digital_cim.emplace().pe.count = 7;
  config.digital_cim->dram.gb_per_s = 12.5;
  const HardwareConfig again = hardware_from_json(to_json(config));
  EXPECT_EQ(to_json(again), to_json(config));
  EXPECT_EQ(again.digital_cim->pe.count, 7);
  EXPECT_EQ(again.digital_cim->dram.gb_per_s, 12.5);
  EXPECT_EQ(hardware_from_json(Json::parse(R"({"digital_cim":{}})")).digital_cim->pe.rows, 64);
}

TEST(HardwareConfig, AChipOfADigitalSectionAloneHasNoCrossbars) {
  EXPECT_TRUE(HardwareConfig().has_crossbars);
  EXPECT_TRUE(hardware_from_json(Json::parse(R"({"name":"a"})")).has_crossbars);
  EXPECT_TRUE(hardware_from_json(Json::parse(R"({"digital_cim":{},"adc":{}})")).has_crossbars);
  const HardwareConfig digital =
      hardware_from_json(Json::parse(R"({"name":"a","digital_cim":{"voltage_v":0.7}})"));
  EXPECT_FALSE(digital.has_crossbars);
  const Json json = to_json(digital);
  EXPECT_EQ(json.size(), 2);
  EXPECT_FALSE(hardware_from_json(json).has_crossbars);
  EXPECT_EQ(hardware_from_json(json).digital_cim->voltage_v, 0.7);
}

TEST(HardwareConfig, RefusesADigitalChipThatCannotBe) {
  EXPECT_THAT(
      json_error(Json::parse(R"({"digital_cim":{"technology_nm":14}})")),
      HasSubstr("'digital_cim.technology_nm' is 14, allowed is one of 45, 28, 22, 16, 7, 5"));
  EXPECT_THAT(json_error(Json::parse(R"({"digital_cim":{"pe":{"rows":0}}})")),
              HasSubstr("'digital_cim.pe.rows' is 0, allowed is 1 to 65536"));
  EXPECT_THAT(json_error(Json::parse(R"({"digital_cim":{"dram":{"gb_per_s":0}}})")),
              HasSubstr("'digital_cim.dram.gb_per_s' is 0, allowed is a number above 0"));
  EXPECT_THAT(json_error(Json::parse(R"({"digital_cim":{"pe":{"row":1}}})")),
              AllOf(HasSubstr("'digital_cim.pe.row'"), HasSubstr("did you mean 'rows'")));
}

TEST(HardwareConfig, EmptyJsonGivesTheValidDefaults) {
  EXPECT_EQ(to_json(hardware_from_json(Json::object())), to_json(HardwareConfig{}));
}

TEST(HardwareConfig, ChoiceAloneBringsTheWholePreset) {
  const HardwareConfig config =
      hardware_from_json(Json::parse(R"({"adc":{"choice":7},"dac":{"choice":5}})"));
  EXPECT_EQ(config.adc.bits, 4);
  EXPECT_DOUBLE_EQ(config.adc.area_um2, 500);
  EXPECT_EQ(config.dac.bits, 6);
}

TEST(HardwareConfig, RefusesUnknownKeysAndWrongTypes) {
  EXPECT_THAT(json_error(Json::parse(R"({"crossbar":{"row":64}})")),
              AllOf(HasSubstr("'crossbar.row'"), HasSubstr("did you mean 'rows'")));
  EXPECT_THAT(json_error(Json::parse(R"({"chips":{}})")),
              AllOf(HasSubstr("'chips'"), HasSubstr("'chip'")));
  EXPECT_THAT(json_error(Json::parse(R"({"crossbar":{"rows":64.5}})")),
              AllOf(HasSubstr("'crossbar.rows' is 64.5"), HasSubstr("whole number")));
  EXPECT_THAT(json_error(Json::parse(R"({"crossbar":{"rows":99999999999}})")),
              HasSubstr("whole number"));
  EXPECT_THAT(json_error(Json::parse(R"({"device":{"type":"dram"}})")),
              AllOf(HasSubstr("\"dram\""), HasSubstr("nvm, sram")));
  EXPECT_THAT(json_error(Json::parse(R"({"device":{"read_voltage_v":["a"]}})")),
              HasSubstr("a list of numbers"));
  EXPECT_THAT(json_error(Json::parse(R"({"device":{"area_um2":"x"}})")), HasSubstr("a number"));
  EXPECT_THAT(json_error(Json::parse(R"({"pe":{"input_buffer_from_mapping":1}})")),
              HasSubstr("true or false"));
  EXPECT_THAT(json_error(Json::parse(R"({"name":1})")), HasSubstr("text is needed"));
  EXPECT_THAT(json_error(Json::parse(R"({"device":3})")), HasSubstr("section"));
  EXPECT_THAT(json_error(Json::parse("[]")), HasSubstr("the configuration"));
}

struct BadValue {
  const char* json;
  const char* key;
  const char* allowed;
};

class HardwareValidation : public testing::TestWithParam<BadValue> {};

TEST_P(HardwareValidation, NamesKeyValueAndWhatIsAllowed) {
  const BadValue& bad = GetParam();
  EXPECT_THAT(json_error(Json::parse(bad.json)), AllOf(HasSubstr(bad.key), HasSubstr(bad.allowed)));
}

INSTANTIATE_TEST_SUITE_P(
    All, HardwareValidation,
    testing::Values(
        BadValue{R"({"device":{"levels":1}})", "device.levels", "2 to 256"},
        BadValue{R"({"device":{"levels":4}})", "device.resistance_ohm", "each of the 4 levels"},
        BadValue{R"({"device":{"resistance_ohm":[1e4,1e6]}})", "device.resistance_ohm",
                 "highest resistance first"},
        BadValue{R"({"device":{"resistance_ohm":[1e4,0]}})", "device.resistance_ohm", "above 0"},
        BadValue{R"({"device":{"read_voltage_v":[]}})", "device.read_voltage_v", "at least one"},
        BadValue{R"({"device":{"read_voltage_v":[-1]}})", "device.read_voltage_v", "0 or more"},
        BadValue{R"({"device":{"area_um2":0}})", "device.area_um2", "above 0"},
        BadValue{R"({"device":{"stuck_at_high_percent":101}})", "stuck_at_high_percent", "100"},
        BadValue{R"({"device":{"stuck_at_high_percent":60,"stuck_at_low_percent":60}})",
                 "stuck_at_high_percent + device", "0 to 100"},
        BadValue{R"({"crossbar":{"rows":0}})", "crossbar.rows", "1 to 65536"},
        BadValue{R"({"crossbar":{"subarray_rows":100}})", "crossbar.subarray_rows", "a divisor"},
        BadValue{R"({"crossbar":{"subarray_rows":512}})", "crossbar.subarray_rows", "1 to 256"},
        BadValue{R"({"adc":{"choice":10}})", "ADC choice", "1 to 9"},
        BadValue{R"({"adc":{"bits":8}})", "'adc' has choice 1", "-1"},
        BadValue{R"({"dac":{"choice":2,"power_w":1}})", "'dac' has choice 2", "-1"},
        BadValue{R"({"dac":{"choice":-1,"bits":17}})", "dac.bits", "1 to 16"},
        BadValue{R"({"dac":{"choice":-1,"sample_rate_gsps":0}})", "sample_rate", "above 0"},
        BadValue{R"({"pe":{"polarity":3}})", "pe.polarity", "1 to 2"},
        BadValue{R"({"pe":{"dacs_per_subarray":0}})", "pe.dacs_per_subarray", "1 to"},
        BadValue{R"({"pe":{"adcs_per_subarray":257}})", "pe.adcs_per_subarray", "1 to 256"},
        BadValue{R"({"pe":{"input_buffer_from_mapping":false}})", "pe.input_buffer_kb", "above 0"},
        BadValue{R"({"pe":{"input_buffer_kb":16}})", "pe.input_buffer_kb", "set it to false"},
        BadValue{R"({"tile":{"output_buffer_kb":-1}})", "tile.output_buffer_kb", "set it to false"},
        BadValue{R"({"digital":{"frequency_mhz":0}})", "digital.frequency_mhz", "above 0"},
        BadValue{R"({"digital":{"adder":{"area_um2":-1}}})", "digital.adder.area_um2", "0 or more"},
        BadValue{R"({"tile":{"pe_rows":0}})", "tile.pe_rows", "1 to 1024"},
        BadValue{R"({"tile":{"output_buffer_from_mapping":false}})", "tile.output_buffer_kb",
                 "above 0"},
        BadValue{R"({"chip":{"tile_rows":32}})", "chip.placement", "as many rows as columns"},
        BadValue{R"({"chip":{"buffer_bitwidth":0}})", "chip.buffer_bitwidth", "1 to"},
        BadValue{R"({"vector_unit":{"lanes":0}})", "vector_unit.lanes", "1 to"},
        BadValue{R"({"vector_unit":{"technology_nm":65}})", "vector_unit.technology_nm",
                 "one of 45, 28, 22, 16, 7, 5"},
        BadValue{R"({"vector_unit":{"voltage_v":0}})", "vector_unit.voltage_v", "above 0"}));

TEST(HardwareConfig, BoundariesThatAreAllowed) {
  EXPECT_EQ(json_error(Json::parse(R"({"pe":{"adcs_per_subarray":256,"polarity":1},
      "crossbar":{"subarray_rows":1},"dac":{"choice":-1,"bits":16}})")),
            "no error");
}

TEST(Device, BitsOfLevels) {
  Device device;
  device.levels = 2;
  EXPECT_EQ(device.bits(), 1);
  device.levels = 15;
  EXPECT_EQ(device.bits(), 3);
  device.levels = 16;
  EXPECT_EQ(device.bits(), 4);
}

TEST(ComponentLibrary, PresetsByChoiceAndBits) {
  EXPECT_EQ(adc_of_bits(4).choice, 7);
  EXPECT_EQ(adc_of_bits(6).choice, 4);
  EXPECT_EQ(adc_of_bits(8).choice, 2);
  EXPECT_EQ(adc_of_bits(10).choice, 1);
  EXPECT_EQ(dac_of_bits(2).choice, 2);
  EXPECT_EQ(adc_preset(9).bits, 8);
  EXPECT_EQ(adc_preset(9).accuracy_bits, 6);
  EXPECT_THROW(adc_of_bits(7), base::Error);
  EXPECT_THROW(dac_of_bits(3), base::Error);
  EXPECT_THROW(adc_preset(0), base::Error);
  EXPECT_THROW(dac_preset(8), base::Error);
}

TEST(ComponentArea, CrossbarByHand) {
  HardwareConfig config;
  // 256 x 256 cells of 1.44 um^2 and 256 row drivers of 1150 um^2: 94371.84 + 294400.
  EXPECT_DOUBLE_EQ(crossbar_area_um2(config.device, config.crossbar, PimType::kAnalogue),
                   388771.84);
  // Digital drivers at 130 nm: (19.71 + 36.1) x 4 = 223.24 um^2 each, 57149.44 in all.
  EXPECT_NEAR(crossbar_area_um2(config.device, config.crossbar, PimType::kDigital), 151521.28,
              1e-9);
  config.crossbar.area_rule = AreaRule::kTechnology;
  // 65536 x 12 x 0.0169 um^2.
  EXPECT_NEAR(crossbar_area_um2(config.device, config.crossbar, PimType::kAnalogue), 13290.7008,
              1e-6);
}

TEST(ComponentArea, AdcsThatFit) {
  HardwareConfig config;
  config.adc = adc_preset(6);
  // sqrt(388771.84) x 2 / sqrt(1650) = 623.516 x 2 / 40.62 = 30.7: 31 side by side.
  EXPECT_EQ(adcs_that_fit(config), 31);
  config.pe.sub_position = 1;
  EXPECT_EQ(adcs_that_fit(config), 62);
  config.adc = adc_preset(8);  // 1 um^2: more than columns
  EXPECT_EQ(adcs_that_fit(config), 256);
}

}  // namespace
}  // namespace gibbon::hw
