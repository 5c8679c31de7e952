#pragma once

#include "gibbon/base/rng.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::explore {

struct RandomDesign {
  space::Genome genome;
  space::Design design;
};

/// One that can be built, uniform over the genes. Throws base::Error where 1000 random designs
/// cannot.
RandomDesign random_design(const space::SearchSpace& space, base::Rng& rng);

}  // namespace gibbon::explore
