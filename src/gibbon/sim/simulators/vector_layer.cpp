#include "gibbon/sim/simulators/vector_layer.hpp"

#include "gibbon/sim/digital/technology.hpp"

namespace gibbon::sim {

namespace {

double bytes_in(const ComputeLayer& layer) {
  return static_cast<double>(layer.in_channels) * layer.input_bits / 8;
}

double memory_kb_of(const ComputeLayer& layer) {
  return (2 * bytes_in(layer) + layer.vector.held_bits / 8) / hw::kBytesPerKb;
}

}  // namespace

LayerParts vector_parts(const LayerView& view) {
  constexpr std::string_view kArithmetic = "16-bit adder, multiplier";
  constexpr std::string_view kMemory = "pJ a byte of SRAM";
  const ComputeLayer& layer = view.layer;
  const hw::VectorUnit& unit = view.hardware.vector_unit;
  const auto technology = digital_technology(unit.technology_nm, unit.voltage_v);
  const double byte_nj = sram_pj_per_byte(technology, memory_kb_of(layer)) * kNanoPerPico;
  const double positions = layer.positions();
  const double held_bytes = layer.vector.held_bits / 8;
  LayerParts parts;
  // `amount` over the time in which it is used, each unit of it of energy `unit_nj`.
  const auto add = [&](Component component, std::string_view what, double amount, double unit_nj,
                       Component busy, std::string_view source) {
    const double time_ns = view.busy_ns[busy];
    if (time_ns > 0) parts.add({component, what, amount / time_ns, unit_nj, time_ns, source});
  };
  add(Component::kVectorUnit, "operations/ns", positions * layer.vector.operations,
      vector_op_pj(technology) * kNanoPerPico, Component::kVectorUnit, kArithmetic);
  add(Component::kBufferWrite, "bytes/ns", positions * bytes_in(layer) + held_bytes, byte_nj,
      Component::kBufferWrite, kMemory);
  add(Component::kBufferRead, "bytes/ns", positions * bytes_in(layer), byte_nj,
      Component::kBufferRead, kMemory);
  add(Component::kBufferRead, "held bytes/ns", positions * held_bytes, byte_nj,
      Component::kVectorUnit, kMemory);
  return parts;
}

VectorArea vector_area(const ComputeLayer& layer, const hw::VectorUnit& unit) {
  const auto technology = digital_technology(unit.technology_nm, unit.voltage_v);
  VectorArea area;
  area.lanes = unit.lanes;
  area.lane_um2 = vector_lane_um2(technology);
  area.memory_kb = memory_kb_of(layer);
  area.memory_um2 = sram_um2(technology, area.memory_kb);
  return area;
}

ComponentValues VectorArea::by_component() const {
  ComponentValues area;
  area[Component::kVectorUnit] = lanes * lane_um2;
  area[Component::kBufferRead] = memory_um2;
  return area;
}

}  // namespace gibbon::sim
