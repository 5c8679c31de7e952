#include <gmock/gmock.h>

#include "gibbon/hw/component_library.hpp"
#include "gibbon/sim/circuits/buffer.hpp"
#include "gibbon/sim/circuits/chip_units.hpp"
#include "gibbon/sim/circuits/converters.hpp"
#include "gibbon/sim/circuits/crossbar_array.hpp"
#include "gibbon/sim/circuits/digital_units.hpp"
#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

TEST(IntegerMath, RoundsUp) {
  EXPECT_EQ(ceil_div(0, 3), 0);
  EXPECT_EQ(ceil_div(3, 3), 1);
  EXPECT_EQ(ceil_div(4, 3), 2);
  EXPECT_EQ(ceil_log2(1), 0);
  EXPECT_EQ(ceil_log2(4), 2);
  EXPECT_EQ(ceil_log2(5), 3);
}

TEST(Converters, LatencyByHand) {
  EXPECT_DOUBLE_EQ(dac_latency_ns(hw::dac_preset(2)), 4);          // (2 + 2) / 1 GS/s
  EXPECT_DOUBLE_EQ(adc_latency_ns(hw::adc_preset(2)), 10 / 1.28);  // (8 + 2) / 1.28
  EXPECT_DOUBLE_EQ(adc_latency_ns(hw::adc_preset(8)), 1);          // a sense amplifier
  EXPECT_DOUBLE_EQ(adc_latency_ns(hw::adc_preset(9)), 256.0 / 6);  // a ramp of 2^8 levels
}

TEST(CrossbarArray, ReadLatencyByHand) {
  // s = 65536 / 8192 = 8: 0.0002 x 64 + 5e-6 x 8 + 4e-14 = 0.01284 ps x 0.001 on top of 3.16 ns.
  EXPECT_NEAR(crossbar_read_latency_ns({}), 3.16001284, 1e-12);
}

TEST(CrossbarArray, ReadPowerByHand) {
  hw::HardwareConfig hardware;
  // Mean square voltage 0.1 x 0.15^2 = 0.00225 V^2; mean resistance
  // 1e6 x 1e4 / (0.67 x 1e4 + 0.33 x 1e6) = 29700.03 ohm: 7.57575e-8 W a cell.
  EXPECT_NEAR(crossbar_read_power(hardware).of(1, 1), 7.57575e-8, 1e-20);
  EXPECT_NEAR(crossbar_read_power(hardware).of(27, 8), 216 * 7.57575e-8, 1e-18);
  hardware.crossbar.cell = hw::CellType::k0T1R;
  // 248 unselected cells a row at a quarter of 0.00225 / 1e6 W.
  EXPECT_NEAR(crossbar_read_power(hardware).of(27, 8), 216 * 7.57575e-8 + 0.25 * 27 * 248 * 2.25e-9,
              1e-18);
  hardware.power_detail = hw::PowerDetail::kWholeArray;
  // 65536 / sqrt(1e10) x 0.0225 / 2, whatever is used.
  EXPECT_NEAR(crossbar_read_power(hardware).of(27, 8), 65536 / 1e5 * 0.01125, 1e-15);
}

TEST(CrossbarArray, SramIsAResistorWhateverTheFileSays) {
  hw::HardwareConfig hardware;
  hardware.device.type = hw::DeviceType::kSram;
  // 1.6e6 x 1.6e6 / (1.6e6 x 1.0) = 1.6e6 ohm [Q8].
  EXPECT_NEAR(crossbar_read_power(hardware).of(1, 1), 0.00225 / 1.6e6, 1e-20);
}

TEST(DigitalUnits, AdderClassIsTheNextTechnologyUp) {
  hw::DigitalModules digital;
  digital.adder_technology_nm = 45;
  EXPECT_DOUBLE_EQ(adder_unit(digital, 8).area_um2, 8 * 0.2835);
  digital.adder_technology_nm = 46;
  EXPECT_DOUBLE_EQ(adder_unit(digital, 8).area_um2, 8 * 0.4235);
  digital.adder_technology_nm = 200;
  EXPECT_DOUBLE_EQ(adder_unit(digital, 8).area_um2, 8 * 2.366);
  digital.adder_technology_nm = 65;
  EXPECT_DOUBLE_EQ(adder_unit(digital, 9).power_w, 9 * 3e-7);
  digital.adder.area_um2 = 5;
  EXPECT_DOUBLE_EQ(adder_unit(digital, 9).area_um2, 5);
  EXPECT_DOUBLE_EQ(adder_unit(digital, 9).power_w, 9 * 3e-7);
}

TEST(DigitalUnits, ScaleWithTheSquareOfTheTechnology) {
  hw::DigitalModules digital;
  digital.shift_register_technology_nm = 130;
  EXPECT_DOUBLE_EQ(shift_register_unit(digital).area_um2, 4 * 1.42);
  EXPECT_DOUBLE_EQ(shift_register_unit(digital).power_w, 4 * 8.1e-7);
  digital.register_technology_nm = 32.5;
  EXPECT_DOUBLE_EQ(register_unit(digital).area_um2, 1.4256 / 4);
  digital.joint_module_technology_nm = 65;
  EXPECT_DOUBLE_EQ(joint_module_unit(digital).area_um2, 353.76);
  digital.joint_module.power_w = 0;
  EXPECT_DOUBLE_EQ(joint_module_unit(digital).power_w, 0);
}

TEST(DigitalUnits, MuxSizesOnBothSidesOfTheBoundary) {
  // 8 transistors x 10 x 130^2 / 1e6 um^2.
  EXPECT_DOUBLE_EQ(mux_unit(1, 130).area_um2, 1.352);
  EXPECT_DOUBLE_EQ(mux_unit(2, 130).area_um2, 1.352);
  EXPECT_DOUBLE_EQ(mux_unit(3, 130).area_um2, 3 * 1.352);
  EXPECT_DOUBLE_EQ(mux_unit(32, 130).power_w, 648 * 1.2e-8);
  EXPECT_DOUBLE_EQ(mux_unit(33, 130).power_w, 1944 * 1.2e-8);
  EXPECT_DOUBLE_EQ(demux_latency_ns(7), 2 * 0.27933);
  EXPECT_DOUBLE_EQ(demux_latency_ns(8), 3 * 0.27933);
  EXPECT_DOUBLE_EQ(mux_latency_ns(63), 3 * 0.032744);
  EXPECT_DOUBLE_EQ(mux_latency_ns(64), 4 * 0.032744);
}

TEST(DigitalUnits, PoolingUnit) {
  hw::Tile tile;
  EXPECT_DOUBLE_EQ(pooling_unit(tile).area_um2, 91917.1562);
  tile.pooling_size = 4;  // [Q12]
  EXPECT_DOUBLE_EQ(pooling_unit(tile).area_um2, 0);
  tile.pooling_technology_nm = 130;
  tile.pooling_units = 32;
  EXPECT_DOUBLE_EQ(pooling_unit(tile).area_um2, 91917.1562 * 4 / 2);
  EXPECT_DOUBLE_EQ(pooling_unit(tile).power_w, 3.082e-3 * 4);
}

TEST(Buffer, TableRowsAndColumns) {
  hw::Chip chip;  // 90 nm, 64 bits
  EXPECT_DOUBLE_EQ(buffer_of(chip, 2)->area_um2, 0.0405803 * 1e6);
  EXPECT_DOUBLE_EQ(buffer_of(chip, 2.01)->area_um2, 0.0686947 * 1e6);
  EXPECT_DOUBLE_EQ(buffer_of(chip, 256)->area_um2, 6.974574682 * 1e6);
  EXPECT_DOUBLE_EQ(buffer_of(chip, 257)->area_um2, 14.22112082 * 1e6);
  chip.buffer_technology_nm = 89;
  chip.buffer_bitwidth = 65;
  EXPECT_DOUBLE_EQ(buffer_of(chip, 16)->area_um2, 0.407856 * 1e6);
  chip.buffer_technology_nm = 64;
  chip.buffer_bitwidth = 257;
  EXPECT_DOUBLE_EQ(buffer_of(chip, 4)->area_um2, 0.333979075 * 1e6);
}

TEST(Buffer, PowerByHandAndNone) {
  const hw::Chip chip;
  // 0.0075695 nJ / 20 ns = 0.378475 mW, with 1.006428 mW of leakage; write 0.0131361 nJ.
  EXPECT_NEAR(buffer_of(chip, 1)->read_power_w, 1.384903e-3, 1e-15);
  EXPECT_NEAR(buffer_of(chip, 1)->write_power_w, 1.663233e-3, 1e-15);
  EXPECT_DOUBLE_EQ(buffer_of(chip, 0)->area_um2, 0);
  EXPECT_DOUBLE_EQ(buffer_of(chip, 0)->read_power_w, 0);
}

TEST(Buffer, NoWideSmallMemory) {
  hw::Chip chip;
  chip.buffer_bitwidth = 257;
  ASSERT_FALSE(buffer_of(chip, 2).ok());
  EXPECT_THAT(buffer_of(chip, 2).reason(),
              testing::AllOf(testing::HasSubstr("2 KB"), testing::HasSubstr("257 bits")));
  EXPECT_TRUE(buffer_of(chip, 2.5).ok());
}

TEST(Buffer, TransferInWholeWords) {
  EXPECT_DOUBLE_EQ(buffer_transfer_ns(0, 64), 0);
  EXPECT_DOUBLE_EQ(buffer_transfer_ns(64, 64), 20);
  EXPECT_DOUBLE_EQ(buffer_transfer_ns(65, 64), 40);
}

TEST(ChipUnits, NumbersByHand) {
  hw::HardwareConfig hardware;
  hardware.crossbar.subarray_rows = 64;  // 4 subarrays
  hardware.pe.dacs_per_subarray = 10;    // ceil(64 / 10) = 7 rows a DAC
  hardware.pe.adcs_per_subarray = 100;   // ceil(256 / 100) = 3 columns an ADC
  hardware.pe.groups = 5;                // tree 5 -> 3 -> 2 -> 1: 2 + 1 + 1 adders, 4 subarrays
  hardware.tile.pe_rows = 2;
  hardware.tile.pe_columns = 3;  // 6 -> 3 -> 1: 3 + 2 modules
  ChipUnits units = chip_units(hardware);
  EXPECT_EQ(units.dacs, 40);
  EXPECT_EQ(units.adcs, 400);
  EXPECT_EQ(units.demux_ratio, 7);
  EXPECT_EQ(units.mux_ratio, 3);
  EXPECT_EQ(units.pe_adders, 16);
  EXPECT_EQ(units.joint_modules, 5 * 400 * 5);
  EXPECT_DOUBLE_EQ(units.clock_ns, 2);
  hardware.pe.sub_position = 1;  // subtraction after the ADC: twice the columns, ceil(5.12)
  EXPECT_EQ(chip_units(hardware).mux_ratio, 6);
  hardware.pe.polarity = 1;  // nothing to subtract
  EXPECT_EQ(chip_units(hardware).mux_ratio, 3);
}

}  // namespace
}  // namespace gibbon::sim
