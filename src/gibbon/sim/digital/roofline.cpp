#include "gibbon/sim/digital/roofline.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

constexpr int kBits = 8;

double peak_tops(const hw::DigitalCim& cim) {
  const double macs = static_cast<double>(cim.pe.count) * cim.pe.rows * cim.pe.columns /
                      static_cast<double>(ceil_div(kBits, cim.pe.weight_bits));
  const double cycles = static_cast<double>(ceil_div(kBits, cim.pe.input_bits_per_cycle));
  return 2 * macs / cycles * cim.frequency_mhz * 1e-6;
}

}  // namespace

const hw::DigitalCim& digital_cim_of(const hw::HardwareConfig& hardware) {
  if (hardware.digital_cim) return *hardware.digital_cim;
  throw base::Error(
      fmt::format("hardware '{}' has no section digital_cim, which the cost model digital_cim "
                  "needs; the shipped hardware digital-cim has one",
                  hardware.name));
}

base::Result<Roofline> make_roofline(const nn::Network& network,
                                     const hw::HardwareConfig& hardware) {
  const hw::DigitalCim& cim = digital_cim_of(hardware);
  const auto evaluated = evaluate_digital(network, cim);
  if (!evaluated) return base::Infeasible{evaluated.reason()};
  Roofline roofline;
  roofline.peak_tops = peak_tops(cim);
  roofline.dram_gb_per_s = cim.dram.gb_per_s;
  roofline.shared_gb_per_s = cim.shared_memory.bytes_per_cycle * cim.frequency_mhz * 1e-3;
  for (const DigitalStep& step : evaluated->steps) {
    if (!step.work.is_matrix) continue;
    const auto index = static_cast<std::size_t>(step.work.network_index);
    roofline.points.push_back({network.layers()[index].name, 2 * step.work.matrix.macs(),
                               step.dram_bytes, step.shared_bytes, step.time_ns, step.bound_by()});
  }
  return roofline;
}

}  // namespace gibbon::sim
