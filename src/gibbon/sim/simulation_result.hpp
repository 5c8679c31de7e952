#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"

namespace gibbon::sim {

/// The parts into which every figure is divided.
enum class Component {
  kCrossbar,
  kAdc,
  kDac,
  kAdder,
  kShiftRegister,
  kInputRegister,
  kOutputRegister,
  kDemux,
  kMux,
  kJointModule,
  kBufferRead,
  kBufferWrite,
  kPooling,
  kIntraTile,
  kInterTile,
  // Of digital_cim, beside kCrossbar, its arrays.
  kArrayWrite,
  kPeBuffer,
  kSharedMemory,
  kDram,
  kVectorUnit,
};
inline constexpr std::size_t kComponentCount = 20;
std::string_view component_name(Component component);  ///< "crossbar", "adc", ...

/// One value a component; sum() adds all of them.
struct ComponentValues {
  std::array<double, kComponentCount> values{};
  double& operator[](Component component) { return values[static_cast<std::size_t>(component)]; }
  double operator[](Component component) const {
    return values[static_cast<std::size_t>(component)];
  }
  double sum() const;
};

/// One layer that takes time on the chip: conv, linear, pool, add, matmul, ...
struct LayerResult {
  std::string name;
  std::string type;
  // Mapping.
  int processing_elements = 0;
  int tiles = 0;
  int crossbars = 0;       ///< physical arrays, both polarities
  double utilization = 0;  ///< used cells / cells of the arrays that hold the layer
  // Time.
  double begin_ns = 0;      ///< of the first output
  double finish_ns = 0;     ///< of the last output
  ComponentValues busy_ns;  ///< summed over the layer's output positions
  // Cost.
  ComponentValues area_um2;  ///< buffers: all under kBufferRead
  ComponentValues power_w;
  ComponentValues energy_nj;
  std::string bound_by = {};  ///< the resource that it waits for; empty where the model names none
};

/// What a simulation of cost gives. Totals are sums over the layers (and the
/// shared area), never stored beside them.
struct SimulationResult {
  std::vector<LayerResult> layers;
  double latency_ns = 0;                 ///< of one inference: the schedule's result, not a sum
  double operations = 0;                 ///< 2 x multiply-accumulates
  ComponentValues shared_area_um2 = {};  ///< of parts that serve every layer; digital_cim's only

  double area_um2() const;
  double power_w() const;
  double energy_nj() const;
};

base::Json to_json(const SimulationResult& result);

}  // namespace gibbon::sim
