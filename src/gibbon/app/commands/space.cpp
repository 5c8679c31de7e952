#include <fmt/format.h>

#include <algorithm>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/space_loader.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/space/summary.hpp"

namespace gibbon::app {

namespace {

using space::GenePart;

struct ShowArguments {
  std::string space = "gibbon";
  std::string explore = "both";
};

constexpr GenePart kParts[] = {GenePart::kNetwork, GenePart::kQuantization, GenePart::kHardware};

base::Json to_json(const space::SearchSpace& space) {
  base::Json slots = base::Json::array();
  for (const space::SlotSummary& slot : space::describe(space)) {
    slots.push_back({{"slot", slot.slot},
                     {"part", space::part_name(slot.part)},
                     {"genes", slot.genes},
                     {"choices", slot.choices}});
  }
  base::Json sizes;
  for (const GenePart part : kParts) {
    sizes[std::string(space::part_name(part))] = space.log10_size(part);
  }
  sizes["all"] = space.log10_size();
  return {{"name", space.name()},
          {"genes", space.genes().size()},
          {"slots", slots},
          {"log10_size", sizes}};
}

void print_slot(const space::SlotSummary& slot, std::size_t width) {
  std::string choices;
  for (const double choice : slot.choices) {
    choices += fmt::format("{}{:g}", choices.empty() ? "" : " ", choice);
  }
  std::string head = fmt::format("{:<{}}  {:<12}  {:>5}", slot.slot, width,
                                 space::part_name(slot.part), slot.genes);
  for (const std::string& line : wrapped(choices, kTerminalColumns - head.size() - 2)) {
    fmt::print("{}  {}\n", head, line);
    head.assign(head.size(), ' ');
  }
}

void print_text(const space::SearchSpace& space) {
  fmt::print("{}: {} genes\n\n", space.name(), space.genes().size());
  const std::vector<space::SlotSummary> slots = space::describe(space);
  std::size_t width = 16;
  for (const space::SlotSummary& slot : slots) width = std::max(width, slot.slot.size());
  fmt::print("{:<{}}  {:<12}  {:>5}  {}\n", "slot", width, "part", "genes", "choices");
  for (const space::SlotSummary& slot : slots) print_slot(slot, width);
  fmt::print("\nsize\n");
  for (const GenePart part : kParts) {
    fmt::print("  {:<12}  10^{:.1f}\n", space::part_name(part), space.log10_size(part));
  }
  fmt::print("  {:<12}  10^{:.1f}\n", "all", space.log10_size());
}

int show(const ShowArguments& arguments, bool json) {
  SpaceChoice choice;
  choice.file = locate(PresetKind::kSpaces, arguments.space);
  choice.explored = space::explored_from(arguments.explore);
  const auto space = load_space(choice);
  if (json) {
    print_json(to_json(*space));
  } else {
    print_text(*space);
  }
  return kSuccess;
}

}  // namespace

Action add_space_command(CLI::App& command, const GlobalOptions& global) {
  auto arguments = std::make_shared<ShowArguments>();
  command.require_subcommand(1);
  CLI::App* show_command =
      command.add_subcommand("show", "Genes by slot, their choices, and the size of the space")
          ->fallthrough();
  show_command->add_option("SPACE", arguments->space,
                           "A shipped space by name, or a file; default: gibbon");
  show_command->add_option("--explore", arguments->explore,
                           "network, hardware or both: the open genes; both");
  return [arguments, &global] { return show(*arguments, global.json); };
}

}  // namespace gibbon::app
