#pragma once

namespace gibbon::sim {

/// How the layers of one inference overlap.
enum class ScheduleMode {
  kPipelined,          ///< a position starts when its window is there; the line buffer takes the
                       ///< window's new elements only (MNSIM's mode 1, what its main program runs)
  kPipelinedRowFills,  ///< the same; the line buffer takes whole rows at a row's start (mode 0)
  kLayerByLayer,       ///< a layer starts when its input layer has finished
};

}  // namespace gibbon::sim
