#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gibbon/sim/epitome/storage_costs.hpp"
#include "gibbon/space/evaluation.hpp"

/// EPIM's layer-wise design (Wang et al., DAC 2024): one shape of epitome for each convolution, or
/// the convolution itself, by an evolutionary search over a table of costs. Equations and what is
/// ours: docs/models/epitome.md.
namespace gibbon::study {

using EpitomeDesign = std::vector<sim::StorageCosts::Choice>;

struct EpitomeSearchOptions {
  space::Metric objective = space::Metric::kEdp;  ///< latency, energy or EDP
  long max_crossbars = 0;
  /// Stands for the accuracy, which no cost knows: a design that stores fewer weights is refused.
  long min_stored_weights = 0;
  /// The same for the bits: largest mean noise of a layer, relative to the narrowest width's.
  double max_noise = 1;
  int population = 60;
  int generations = 60;
  std::uint64_t seed = 0;
};

struct EpitomeSearchResult {
  EpitomeDesign design;
  sim::StorageCosts::Totals totals;  ///< by the table
  double noise = 1;
};

/// Shape `shape` for every layer that a rule has one for, the others as they are; width `width`.
/// Shape 1 is the first rule's with spread outputs.
EpitomeDesign uniform_design(const sim::StorageCosts& costs, std::uint8_t shape,
                             std::uint8_t width = 0);

/// Gives every layer of `design` its width: nn::assign_bits over the table's widths, each layer
/// being as sensitive as any other (no weights, no data): its noise is nn::rounding_noise.
void assign_widths(const sim::StorageCosts& costs, long max_crossbars, EpitomeDesign& design);

/// Mean noise of the layers, relative to all having the first width.
double relative_noise(const sim::StorageCosts& costs, const EpitomeDesign& design);

/// The best design found for the objective by the table's costs, among those within the bounds;
/// widths follow from the shapes by assign_widths(). Deterministic for a seed. Throws base::Error
/// for an objective that is none of the three, or where nothing within the bounds was found.
EpitomeSearchResult search_epitomes(const sim::StorageCosts& costs,
                                    const EpitomeSearchOptions& options,
                                    const std::vector<EpitomeDesign>& start = {});

}  // namespace gibbon::study
