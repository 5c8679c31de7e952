#include "gibbon/hw/component_area.hpp"

#include <algorithm>
#include <cmath>

namespace gibbon::hw {
namespace {

double cell_area_um2(const Device& device, const Crossbar& crossbar) {
  if (crossbar.area_rule == AreaRule::kDeviceArea) return device.area_um2;
  if (device.type == DeviceType::kSram) return 5;
  const double squares = crossbar.cell == CellType::k0T1R ? 4 : 12;
  return squares * device.technology_nm * device.technology_nm * 1e-6;
}

double row_driver_area_um2(const Crossbar& crossbar, PimType pim_type) {
  if (pim_type == PimType::kAnalogue) return 1150;
  const double scale = crossbar.transistor_technology_nm / 65;
  return (7.3 * 2.7 + 9.5 * 3.8) * scale * scale;
}

}  // namespace

double crossbar_area_um2(const Device& device, const Crossbar& crossbar, PimType pim_type) {
  const double cells =
      static_cast<double>(crossbar.rows) * crossbar.columns * cell_area_um2(device, crossbar);
  // The drivers belong to the rule by cell area only: the rule by technology counts bare cells.
  if (crossbar.area_rule == AreaRule::kTechnology) return cells;
  return cells + row_driver_area_um2(crossbar, pim_type) * crossbar.rows;
}

double adc_area_um2(const Adc& adc, int logic_op) {
  if (logic_op == 0 || logic_op == 1) return adc.area_um2 + 17.28 * 0.18;
  if (logic_op == 2) return adc.area_um2 + 19.2 * 0.18;
  return adc.area_um2;
}

int adcs_that_fit(const HardwareConfig& config) {
  const auto& pe = config.pe;
  const double crossbar_side =
      std::sqrt(crossbar_area_um2(config.device, config.crossbar, pe.pim_type));
  const double adc_side = std::sqrt(adc_area_um2(config.adc, pe.logic_op));
  const int after_adc = pe.polarity == 2 ? pe.sub_position : 0;
  const double count = (after_adc + 1) * std::ceil(crossbar_side * pe.polarity / adc_side);
  return static_cast<int>(std::min<double>(count, config.crossbar.columns));
}

}  // namespace gibbon::hw
