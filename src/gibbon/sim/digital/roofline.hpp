#pragma once

#include <string>
#include <vector>

#include "gibbon/base/result.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/digital/digital_evaluation.hpp"

namespace gibbon::sim {

/// One matrix product against the chip's ceilings. An operation is half a multiply-accumulate.
struct RooflinePoint {
  std::string layer;
  double operations = 0;
  double dram_bytes = 0;
  double shared_bytes = 0;
  double time_ns = 0;
  Resource bound_by = Resource::kCompute;

  /// 10^12 operations a second.
  double tops() const { return operations / time_ns * 1e-3; }
  /// Operations a byte of the DRAM's traffic; of the shared memory's where the DRAM has none.
  double intensity() const { return operations / (dram_bytes > 0 ? dram_bytes : shared_bytes); }
};

/// The ceilings of Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009.
struct Roofline {
  double peak_tops = 0;  ///< of all arrays, at inputs and weights of 8 bits
  double dram_gb_per_s = 0;
  double shared_gb_per_s = 0;
  std::vector<RooflinePoint> points;
};

/// Where the layers that are matrix products lie. Throws and refuses as the simulator does.
base::Result<Roofline> make_roofline(const nn::Network& network,
                                     const hw::HardwareConfig& hardware);

/// The section of the hardware; throws base::Error where it has none.
const hw::DigitalCim& digital_cim_of(const hw::HardwareConfig& hardware);

}  // namespace gibbon::sim
