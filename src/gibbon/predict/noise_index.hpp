#pragma once

#include <span>

#include "gibbon/base/json.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// What the rounding of a design's converters follows from.
struct ConverterLoad {
  /// log2 of the square root of sim::converter_noise: how many bits converters take. 0 where they
  /// round nothing: no design, or a digital chip.
  double bits = 0;
  int dac_bits = 0;   ///< of an input digit
  int cell_bits = 0;  ///< of a weight digit
};
ConverterLoad converter_load(const space::SearchSpace& space, const space::Genome& genome);

/// The figure that a loss on crossbars falls with: the bits that converters take, and a learned
/// part for the size of digits. The closed form takes sums of small digits for as wide as those of
/// large ones; by how much they are not depends on how designs are fitted to their crossbars.
struct NoiseIndex {
  double per_dac_bit = 0;
  double per_cell_bit = 0;

  double of(const ConverterLoad& load) const;

  /// The index over which a falling curve (FallingCurve) comes closest to what designs keep on
  /// crossbars, in percent or points: the least sum of distances, both parts within 2 and in steps
  /// of 1/16. The plain bits where those come as close to designs that were left out. `kept` as
  /// many as `loads`.
  static NoiseIndex fitted(std::span<const ConverterLoad> loads, std::span<const double> kept);
};

base::Json to_json(const NoiseIndex& index);
/// Throws nlohmann's exceptions on another shape.
NoiseIndex noise_index_from(const base::Json& json);

}  // namespace gibbon::predict
