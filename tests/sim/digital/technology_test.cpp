#include "gibbon/sim/digital/technology.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace gibbon::sim {
namespace {

hw::DigitalCim::ProcessingElements macro(int rows, int columns, int cells) {
  hw::DigitalCim::ProcessingElements pe;
  pe.rows = rows;
  pe.columns = columns;
  pe.cells_per_column = cells;
  pe.weight_bits = 4;
  return pe;
}

/// 64 numbers of 4 bits: 32 adders of 4 bits, 16 of 5, 8 of 6, 4 of 7, 2 of 8, 1 of 9:
/// 128 + 80 + 48 + 28 + 16 + 9 = 309.
TEST(DigitalTechnology, AdderTreeByHand) {
  EXPECT_EQ(adder_tree_full_adders(64, 4), 309);
  EXPECT_EQ(adder_tree_full_adders(1, 4), 0);
  EXPECT_EQ(adder_tree_full_adders(2, 4), 4);
  EXPECT_EQ(adder_tree_full_adders(3, 4), 4 + 5);  // two are added, then the third
}

/// NAND2 at 28 nm and 0.9 V: half of 0.7 fF x 0.81 V^2 = 0.2835 fJ. At 22 nm, 0.95 of the gate
/// pitch; at 0.45 V a quarter.
TEST(DigitalTechnology, GatesScaleWithPitchAndVoltage) {
  EXPECT_NEAR(digital_technology(28, 0.9).gate_pj, 0.2835e-3, 1e-9);
  EXPECT_NEAR(digital_technology(22, 0.9).gate_pj, 0.95 * 0.2835e-3, 1e-9);
  EXPECT_NEAR(digital_technology(28, 0.45).gate_pj, 0.2835e-3 / 4, 1e-9);
  EXPECT_NEAR(digital_technology(22, 0.9).gate_um2, 0.95 * 0.95 * 0.614, 1e-6);
}

/// Horowitz's points at 45 nm and 0.9 V, and the two lines between and beyond them.
TEST(DigitalTechnology, SramGoesThroughHorowitzsPoints) {
  const DigitalTechnology old = digital_technology(45, 0.9);
  EXPECT_NEAR(sram_pj_per_byte(old, 8), 10.0 / 8, 1e-9);
  EXPECT_NEAR(sram_pj_per_byte(old, 32), 20.0 / 8, 1e-9);
  EXPECT_NEAR(sram_pj_per_byte(old, 1024), 100.0 / 8, 1e-9);
  EXPECT_NEAR(sram_pj_per_byte(old, 2), 5.0 / 8, 1e-9);  // a quarter of the size, half the energy
  EXPECT_NEAR(sram_pj_per_byte(old, 32 * 32 * 32), 500.0 / 8, 1e-6);  // 32 times the size, 5 times
  // 1 KB is 8192 cells of 0.346 um^2, half of the area.
  EXPECT_NEAR(sram_um2(old, 1), 8192 * 0.346 * 2, 1e-6);
}

/// A published macro: 10^12 operations a joule and mm^2, 4-bit inputs and weights.
struct Published {
  double tops_per_watt;
  double mm2;
};

double tops_per_watt(const CimArray& array, int input_cycles) {
  return 2 / (array.mac_cycle_pj * input_cycles);  // 1 operation a picojoule is 1 TOPS/W
}

double error_percent(double ours, double published) {
  return 100 * (ours / published - 1);
}

/// Chih et al., ISSCC 2021, 16.4: 22 nm, 256 rows x 64 columns of 4-bit weights (64 Kb), 89 TOPS/W
/// at 0.72 V, 16.3 TOPS/mm^2 at 3.3 TOPS, so 0.202 mm^2.
///   Full adders of a tree: 128 x 4 + 64 x 5 + 32 x 6 + 16 x 7 + 8 x 8 + 4 x 9 + 2 x 10 + 11 =
///   1267; accumulator 4 + 8 + 8 = 20 bits. Gates of a column: 1024 + 6 x 1287 + 3 x 20 = 8806,
///   each 0.5 x 0.7 fF x 0.95 x 0.5184 V^2 = 0.17237 fJ: 1.5179 pJ for 256 x 2 / 4 operations, so
///   11.86 fJ an operation: 84.3 TOPS/W.
///   Area: 1024 + 3.5 x 1287 + 6 x 20 = 5648.5 gates of 0.5541 um^2 and 1024 cells of 0.1146 um^2:
///   3247.3 um^2 a column, 0.2078 mm^2.
TEST(DigitalTechnology, Isscc2021Macro) {
  const CimArray array = cim_array(macro(256, 64, 1), digital_technology(22, 0.72));
  const Published published{89, 3.3 / 16.3};
  EXPECT_NEAR(tops_per_watt(array, 4), 84.3, 0.05);
  EXPECT_NEAR(array.area_um2 * 1e-6, 0.2078, 5e-5);
  EXPECT_NEAR(error_percent(tops_per_watt(array, 4), published.tops_per_watt), -5.2, 0.1);
  EXPECT_NEAR(error_percent(array.area_um2 * 1e-6, published.mm2), 2.7, 0.1);
}

/// Fujiwara et al., ISSCC 2022, 11.7: 5 nm, 64 Kb as 64 rows x 64 columns of 4-bit weights, 4
/// behind each multiplier, 254 TOPS/W at 0.5 V, 221 TOPS/mm^2 at 2.95 TOPS, so 0.01335 mm^2.
///   Gates of a column: 256 + 6 x (309 + 18) + 3 x 18 = 2272, each 0.5 x 0.7 fF x 0.4359 x 0.25 V^2
///   = 0.03814 fJ: 86.65 fJ for 64 x 2 / 4 operations, so 2.708 fJ an operation: 369 TOPS/W. Area:
///   256 + 3.5 x 327 + 6 x 18 = 1508.5 gates of 0.08922 um^2, 1024 cells of 0.021 um^2: 156.1 um^2
///   a column, 0.00999 mm^2.
TEST(DigitalTechnology, Isscc2022Macro) {
  const CimArray array = cim_array(macro(64, 64, 4), digital_technology(5, 0.5));
  const Published published{254, 2.95 / 221};
  EXPECT_NEAR(tops_per_watt(array, 4), 369, 0.5);
  EXPECT_NEAR(array.area_um2 * 1e-6, 0.00999, 5e-5);
  EXPECT_NEAR(error_percent(tops_per_watt(array, 4), published.tops_per_watt), 45, 1);
  EXPECT_NEAR(error_percent(array.area_um2 * 1e-6, published.mm2), -25, 1);
}

}  // namespace
}  // namespace gibbon::sim
