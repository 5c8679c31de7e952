#pragma once

namespace gibbon::sim {

/// How device non-idealities are drawn (docs/models/nonidealities.md).
enum class DeviceModel {
  kPerPlane,  ///< as MNSIM 2.0: one variation draw a digit plane and level
  kPerCell,   ///< one draw a cell, polarity-1 cells of either sign alike
};

}  // namespace gibbon::sim
