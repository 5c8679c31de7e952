#pragma once

namespace gibbon::nn {

/// The stored tensor [out_channels, in_channels, height, width], row-major. As a matrix on
/// crossbars it has in_channels x height x width rows and out_channels columns.
struct EpitomeShape {
  int out_channels = 0;
  int in_channels = 0;
  int height = 0;
  int width = 0;

  friend bool operator==(const EpitomeShape&, const EpitomeShape&) = default;
  long rows() const { return static_cast<long>(in_channels) * height * width; }
  long elements() const { return rows() * out_channels; }
};

/// Where the blocks of output channels lie in the epitome.
enum class OutputBlocks {
  kSpread,   ///< evenly, so that filters differ
  kWrapped,  ///< all at its start: filter o is filter o mod Coe, and their blocks are computed once
};

/// A convolution's weight is put together from an epitome, by spread_plan() (epitome.hpp).
struct ConvEpitome {
  EpitomeShape shape;
  OutputBlocks outputs = OutputBlocks::kSpread;

  friend bool operator==(const ConvEpitome&, const ConvEpitome&) = default;
};

}  // namespace gibbon::nn
