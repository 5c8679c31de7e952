#include "gibbon/sim/simulators/layer_figures.hpp"

#include <algorithm>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

ComponentValues pe_area(const ChipUnits& units, const ChipBuffers& buffers) {
  const double adcs = static_cast<double>(units.groups) * units.adcs;
  const double dacs = static_cast<double>(units.groups) * units.dacs;
  ComponentValues area;
  area[Component::kCrossbar] = units.groups * units.polarity * units.crossbar_area_um2;
  area[Component::kAdc] = adcs * units.adc.area_um2;
  area[Component::kDac] = dacs * units.dac.area_um2;
  area[Component::kAdder] =
      static_cast<double>(units.adcs) * units.pe_adders * units.adder.area_um2;
  area[Component::kShiftRegister] = adcs * units.shift_register.area_um2;
  area[Component::kInputRegister] = dacs * units.reg.area_um2;
  area[Component::kOutputRegister] = adcs * units.reg.area_um2;
  area[Component::kDemux] = dacs * units.demux.area_um2;
  area[Component::kMux] = adcs * units.mux.area_um2;
  area[Component::kBufferRead] = buffers.pe_input.area_um2;
  return area;
}

void scale(ComponentValues& values, double factor) {
  for (double& value : values.values) value *= factor;
}

ComponentValues pe_power(const LayerMapping& mapping, const ChipUnits& units,
                         const ChipBuffers& buffers) {
  const double planes = mapping.bit_planes;
  const double dacs = planes * static_cast<double>(ceil_div(mapping.rows, units.demux_ratio));
  const double columns =
      static_cast<double>(ceil_div(mapping.columns, units.mux_ratio)) * units.adc_power_factor;
  const double adcs = planes * columns;
  ComponentValues power;
  power[Component::kCrossbar] = units.polarity * planes *
                                units.crossbar_power.of(mapping.rows, mapping.columns) /
                                units.demux_ratio / units.mux_ratio;
  power[Component::kDac] = dacs * units.dac.power_w;
  power[Component::kDemux] = dacs * units.demux.power_w;
  power[Component::kInputRegister] = dacs * units.reg.power_w;
  power[Component::kAdc] = adcs * units.adc.power_w;
  power[Component::kMux] = adcs * units.mux.power_w;
  power[Component::kShiftRegister] = adcs * units.shift_register.power_w;
  power[Component::kOutputRegister] = adcs * units.reg.power_w;
  power[Component::kAdder] = (planes - 1) * columns * units.adder.power_w;
  power[Component::kBufferRead] = buffers.pe_input.read_power_w;
  power[Component::kBufferWrite] = buffers.pe_input.write_power_w;
  return power;
}

ComponentValues crossbar_tile_power(const LayerMapping& mapping, const ChipUnits& units,
                                    const ChipBuffers& buffers) {
  ComponentValues power = pe_power(mapping, units, buffers);
  scale(power, mapping.pes_per_tile);
  power[Component::kJointModule] = (mapping.pes_per_tile - 1) *
                                   static_cast<double>(ceil_div(mapping.columns, units.mux_ratio)) *
                                   units.joint_module.power_w;
  return power;
}

}  // namespace

base::Result<ChipBuffers> chip_buffers(const hw::HardwareConfig& hardware,
                                       const ChipMapping& mapping, const Corrections& corrections) {
  const auto& pe = hardware.pe;
  const auto& tile = hardware.tile;
  ChipBuffers buffers;
  const double input_kb =
      pe.input_buffer_from_mapping ? mapping.input_buffer_kb : pe.input_buffer_kb;
  const double output_kb =
      tile.output_buffer_from_mapping ? mapping.output_buffer_kb : tile.output_buffer_kb;
  if (!corrections.accumulator) {
    buffers.global_kb =
        pe.input_buffer_from_mapping ? mapping.global_buffer_kb : pe.input_buffer_kb;
  }
  const auto input = buffer_of(hardware.chip, input_kb);
  if (!input) return base::Infeasible{"PE input buffer: " + input.reason()};
  const auto output = buffer_of(hardware.chip, output_kb);
  if (!output) return base::Infeasible{"tile output buffer: " + output.reason()};
  const auto global = buffer_of(hardware.chip, buffers.global_kb);
  if (!global) return base::Infeasible{"global buffer: " + global.reason()};
  buffers.pe_input = *input;
  buffers.tile_output = *output;
  buffers.global = *global;
  return buffers;
}

ComponentValues tile_area(const ChipUnits& units, const ChipBuffers& buffers) {
  ComponentValues area = pe_area(units, buffers);
  scale(area, units.pes_per_tile);
  area[Component::kJointModule] = units.joint_modules * units.joint_module.area_um2;
  area[Component::kBufferRead] += buffers.tile_output.area_um2;
  area[Component::kPooling] = units.pooling.area_um2;
  return area;
}

ComponentValues layer_power(const ComputeLayer& layer, const LayerMapping& mapping,
                            const ChipUnits& units, const ChipBuffers& buffers) {
  ComponentValues power;
  if (layer.is_beside_tiles()) return power;
  if (layer.kind == ComputeKind::kPool) {
    power[Component::kPooling] = units.pooling.power_w;
  } else {
    power = crossbar_tile_power(mapping, units, buffers);
  }
  power[Component::kBufferRead] += buffers.tile_output.read_power_w;
  power[Component::kBufferWrite] += buffers.tile_output.write_power_w;
  scale(power, mapping.tile_count);
  return power;
}

ComponentValues layer_energy(const ComponentValues& power_w, const ComponentValues& busy_ns) {
  ComponentValues energy;
  for (std::size_t i = 0; i < kComponentCount; ++i) {
    energy.values[i] = power_w.values[i] * busy_ns.values[i];
  }
  return energy;
}

}  // namespace gibbon::sim
