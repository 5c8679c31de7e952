#include <fmt/format.h>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/space/summary.hpp"

namespace gibbon::app {

namespace {

using space::GenePart;

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

void print_slot(const space::SlotSummary& slot) {
  std::string choices;
  for (const double choice : slot.choices) {
    choices += fmt::format("{}{:g}", choices.empty() ? "" : " ", choice);
  }
  std::string head =
      fmt::format("{:<16}  {:<12}  {:>5}", slot.slot, space::part_name(slot.part), slot.genes);
  for (const std::string& line : wrapped(choices, kTerminalColumns - head.size() - 2)) {
    fmt::print("{}  {}\n", head, line);
    head.assign(head.size(), ' ');
  }
}

void print_text(const space::SearchSpace& space) {
  fmt::print("{}: {} genes\n\n", space.name(), space.genes().size());
  fmt::print("{:<16}  {:<12}  {:>5}  {}\n", "slot", "part", "genes", "choices");
  for (const space::SlotSummary& slot : space::describe(space)) print_slot(slot);
  fmt::print("\nsize\n");
  for (const GenePart part : kParts) {
    fmt::print("  {:<12}  10^{:.1f}\n", space::part_name(part), space.log10_size(part));
  }
  fmt::print("  {:<12}  10^{:.1f}\n", "all", space.log10_size());
}

int show(const std::string& name, bool json) {
  const SpaceFile file = load_space_file(locate(PresetKind::kSpaces, name));
  const auto space = space::make_gibbon_space(file.spec);
  if (json) {
    print_json(to_json(*space));
  } else {
    print_text(*space);
  }
  return kSuccess;
}

}  // namespace

Action add_space_command(CLI::App& command, const GlobalOptions& global) {
  auto name = std::make_shared<std::string>("gibbon");
  command.require_subcommand(1);
  command.add_subcommand("show", "Genes by slot, their choices, and the size of the space")
      ->fallthrough()
      ->add_option("SPACE", *name, "A shipped space by name, or a file; default: gibbon");
  return [name, &global] { return show(*name, global.json); };
}

}  // namespace gibbon::app
