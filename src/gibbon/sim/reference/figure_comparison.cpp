#include "gibbon/sim/reference/case_comparison.hpp"

namespace gibbon::sim {

using base::Json;

namespace {

/// What one set of figures (area, power or energy) adds up to in the reference's own terms.
struct ModuleSums {
  ComponentValues parts;
  double digital = 0;
  double total = 0;

  explicit ModuleSums(const ComponentValues& values, bool adder_counts) : parts(values) {
    for (const CaseKey& key : kDigitalKeys) {
      if (key.component != Component::kAdder || adder_counts) digital += values[key.component];
    }
    for (const CaseKey& key : kOtherKeys) total += values[key.component];
    total += digital + buffer();
  }
  double buffer() const { return parts[Component::kBufferRead] + parts[Component::kBufferWrite]; }
};

void compare_modules(const ModuleSums& ours, const Json& reference, CaseComparison& out) {
  for (const CaseKey& key : kDigitalKeys) {
    if (reference.contains(key.name)) {
      out.check(key.name, ours.parts[key.component], reference.at(key.name));
    }
  }
  for (const CaseKey& key : kOtherKeys) {
    out.check(key.name, ours.parts[key.component], reference.at(key.name));
  }
  out.check("digital", ours.digital, reference.at("digital"));
  out.check("buf", ours.buffer(), reference.at("buf"));
  if (reference.contains("buf_r")) {
    out.check("buf_r", ours.parts[Component::kBufferRead], reference.at("buf_r"));
    out.check("buf_w", ours.parts[Component::kBufferWrite], reference.at("buf_w"));
  }
  if (reference.contains("total")) out.check("total", ours.total, reference.at("total"));
}

using Figure = ComponentValues MnsimEvaluation::Figures::*;

ComponentValues sum_of(const MnsimEvaluation& ours, Figure figure) {
  ComponentValues sum;
  for (const auto& layer : ours.figures) {
    for (std::size_t c = 0; c < kComponentCount; ++c) sum.values[c] += (layer.*figure).values[c];
  }
  return sum;
}

/// `accumulator` is what the printed module totals get for the adds' accumulator, while the total
/// does not [Q17].
void compare_figure(const MnsimEvaluation& ours, Figure figure, const ComponentValues& accumulator,
                    const std::string& part, const Json& expected, CaseComparison& out) {
  const bool adder_counts = part != "energy";  // [Q19]
  ComponentValues sum = sum_of(ours, figure);
  out.at(part);
  out.check("total", ModuleSums(sum, adder_counts).total, expected.at("total"));
  for (std::size_t i = 0; i < ours.figures.size(); ++i) {
    out.at(part, layer_place(i));
    compare_modules(ModuleSums(ours.figures[i].*figure, adder_counts), expected.at("layers").at(i),
                    out);
  }
  for (std::size_t c = 0; c < kComponentCount; ++c) sum.values[c] += accumulator.values[c];
  ModuleSums modules(sum, adder_counts);
  if (!adder_counts) modules.digital += accumulator[Component::kAdder];
  out.at(part, "modules");
  compare_modules(modules, expected.at("modules"), out);
}

}  // namespace

void compare_figures(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                     const Json& expected, CaseComparison& out) {
  const Unit adder = adder_unit(hardware.digital, ours.mapping.global_adder_bits);
  const double adders = ours.mapping.global_adders;
  const Buffer& buffer = ours.buffers.global;

  ComponentValues area;
  area[Component::kAdder] = adder.area_um2 * adders;
  area[Component::kBufferRead] = buffer.area_um2;
  compare_figure(ours, &MnsimEvaluation::Figures::area_um2, area, "area", expected.at("area_um2"),
                 out);
  ComponentValues power;
  power[Component::kAdder] = adder.power_w * adders;
  power[Component::kBufferRead] = buffer.read_power_w;
  power[Component::kBufferWrite] = buffer.write_power_w;
  compare_figure(ours, &MnsimEvaluation::Figures::power_w, power, "power", expected.at("power_W"),
                 out);
  ComponentValues energy;
  // 1/MHz taken for a time in ns: a slip in the reference's printed module totals only.
  energy[Component::kAdder] = adder.power_w * adders / hardware.digital.frequency_mhz;
  compare_figure(ours, &MnsimEvaluation::Figures::energy_nj, energy, "energy",
                 expected.at("energy_nJ"), out);

  const Json& global_area = expected.at("area_um2").at("global");
  out.at("global");
  out.check("adder_area", adder.area_um2, global_area.at("adder_area"));
  out.check("adder_num", adders, global_area.at("adder_num"));
  out.check("buf_area", buffer.area_um2, global_area.at("buf_area"));
  out.check("buf_size_KB", ours.buffers.global_kb, global_area.at("buf_size_KB"));
  out.check("accumulator_layer_area", area.sum(), global_area.at("accumulator_layer_area"));
  const Json& global_power = expected.at("power_W").at("global");
  out.check("adder_power", adder.power_w, global_power.at("adder_power"));
  out.check("buf_rpower_mW", buffer.read_power_w * 1e3, global_power.at("buf_rpower_mW"));
  out.check("buf_wpower_mW", buffer.write_power_w * 1e3, global_power.at("buf_wpower_mW"));
}

double total_energy_nj(const MnsimEvaluation& ours) {
  return ModuleSums(sum_of(ours, &MnsimEvaluation::Figures::energy_nj), false).total;
}

}  // namespace gibbon::sim
