#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "gibbon/study/surrogate.hpp"

namespace gibbon::study {

/// Which genes of a space a setting is meant for.
using GeneFilter = std::function<bool(const space::Gene&)>;
GeneFilter in_slot(std::string_view slot);

/// The genes that pass get the choice of this value; those that do not have it stay as they are.
struct Setting {
  GeneFilter genes;
  double value = 0;
};

/// Random designs on which the settings were made, in order; canonical. The same draws for the same
/// seed, whatever the settings.
std::vector<space::Genome> designs_with(const space::SearchSpace& space,
                                        const std::vector<Setting>& settings, int designs,
                                        std::uint64_t seed);

/// What changes from one setting to another, all else equal: means over the designs that can be
/// built both ways. Changes of costs are percent of the first, from the mean logarithm of the
/// ratios.
struct Effect {
  int designs = 0;
  double accuracy_before = 0;
  double accuracy_after = 0;
  double edp_percent = 0;
  double latency_percent = 0;
  double energy_percent = 0;
  double area_percent = 0;
  double accuracy_points() const { return accuracy_after - accuracy_before; }
};

/// Over `designs` random designs on which `common` was set first.
Effect paired_effect(const Surrogate& surrogate, const std::vector<Setting>& common,
                     const Setting& before, const Setting& after, int designs, std::uint64_t seed);

}  // namespace gibbon::study
