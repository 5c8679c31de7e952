#pragma once

namespace gibbon::nn {

/// What files of other tools leave open: they hold no word lengths, or none that we read. All bits
/// count the sign; the defaults are those of our own network files.
struct ImportOptions {
  int weight_bits = 9;
  int activation_bits = 9;
  int input_bits = 9;
  double input_scale = 1.0 / 255;  ///< value of one level of the network's input
};

/// Throws base::Error where bits are outside 2 to 16 or the scale is not positive.
void check(const ImportOptions& options);

}  // namespace gibbon::nn
