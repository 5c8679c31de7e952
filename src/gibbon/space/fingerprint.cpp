#include "gibbon/space/fingerprint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gibbon/base/hash.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::space {

namespace {
constexpr int kDesigns = 32;
}

std::string fingerprint(const SearchSpace& space) {
  std::uint64_t hash = base::hash_of({});
  for (const Gene& gene : space.genes()) {
    hash = base::hash_of(fmt::format("{}: {}\n", gene.name, fmt::join(gene.choices, " ")), hash);
  }
  base::Rng rng = base::Rng::forked(1, "fingerprint");
  for (int i = 0; i < kDesigns; ++i) {
    const auto design = space.decode(space.sample(rng));
    if (!design) continue;
    hash = base::hash_of(to_json(design->network).dump(), hash);
    hash = base::hash_of(to_json(design->hardware).dump(), hash);
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace gibbon::space
