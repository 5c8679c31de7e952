#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/predict/predictor.hpp"

namespace gibbon::app {

Action add_list_predictors_command(CLI::App&, const GlobalOptions& global) {
  return [&global] {
    std::vector<NamedItem> items;
    for (const auto& entry : predict::predictor_registry()) {
      items.push_back({std::string(entry.name), std::string(entry.summary)});
    }
    print_items(items, global.json);
    return kSuccess;
  };
}

}  // namespace gibbon::app
