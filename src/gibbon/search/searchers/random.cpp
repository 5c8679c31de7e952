#include "gibbon/search/searchers/random.hpp"

#include "gibbon/search/searchers/settings.hpp"

namespace gibbon::search {

RandomSearcher::RandomSearcher(const space::SearchSpace& space, const space::Objective& objective,
                               const SearcherOptions& options)
    : SearcherBase(space, objective, options.seed) {
  SettingsReader(name(), options.settings).refuse_unknown();
}

}  // namespace gibbon::search
