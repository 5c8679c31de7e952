#include "gibbon/nn/importers/import_options.hpp"

#include <fmt/format.h>

#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {

void check(const ImportOptions& options) {
  for (const int bits : {options.weight_bits, options.activation_bits, options.input_bits}) {
    if (bits >= 2 && bits <= 16) continue;
    throw base::Error(fmt::format("import options: {} bits, allowed are 2 to 16", bits));
  }
  if (!(options.input_scale > 0) || !std::isfinite(options.input_scale)) {
    throw base::Error(
        fmt::format("import options: input_scale is {}, it must be positive", options.input_scale));
  }
}

}  // namespace gibbon::nn
