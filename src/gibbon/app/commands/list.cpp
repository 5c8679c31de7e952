#include <fmt/format.h>

#include <array>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/registry.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/predict/predictor.hpp"
#include "gibbon/search/searcher.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {

namespace {

template <typename Registry>
std::vector<NamedItem> items_of(const Registry& registry) {
  std::vector<NamedItem> items;
  for (const auto& entry : registry) {
    items.push_back({std::string(entry.name), std::string(entry.summary)});
  }
  return items;
}

std::vector<NamedItem> preset_items(PresetKind kind) {
  std::vector<NamedItem> items;
  for (const std::string& name : preset_names(kind)) items.push_back({name, "shipped preset"});
  return items;
}

struct ListKind {
  std::string_view name;
  std::string_view summary;
  std::vector<NamedItem> (*items)();
};

constexpr std::array<ListKind, 8> kKinds{{
    {"searchers", "What proposes designs", [] { return items_of(search::searcher_registry()); }},
    {"predictors", "What screens designs", [] { return items_of(predict::predictor_registry()); }},
    {"simulators", "Cost models", [] { return items_of(sim::simulator_registry()); }},
    {"datasets", "Image sets", [] { return items_of(data::dataset_entries()); }},
    {"spaces", "Shipped search spaces", [] { return preset_items(PresetKind::kSpaces); }},
    {"hardware", "Shipped hardware", [] { return preset_items(PresetKind::kHardware); }},
    {"networks", "Shipped networks", [] { return preset_items(PresetKind::kNetworks); }},
    {"commands", "What gibbon can do", [] { return items_of(gibbon_commands()); }},
}};

int list(const std::string& wanted, bool json) {
  if (wanted.empty()) {
    print_items(items_of(kKinds), json);
    return kSuccess;
  }
  for (const ListKind& kind : kKinds) {
    if (kind.name == wanted) print_items(kind.items(), json);
  }
  return kSuccess;
}

}  // namespace

Action add_list_command(CLI::App& command, const GlobalOptions& global) {
  auto kind = std::make_shared<std::string>();
  command.add_option("KIND", *kind, "What to list; nothing lists the kinds")
      ->check(CLI::IsMember(base::names_in(kKinds)));
  return [kind, &global] { return list(*kind, global.json); };
}

}  // namespace gibbon::app
