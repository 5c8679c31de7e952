#include "gibbon/space/spaces/cimnet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/space/spaces/choice_list.hpp"

namespace gibbon::space {

namespace {

std::uint8_t index_of(const Gene& gene, double value) {
  const auto found = std::find(gene.choices.begin(), gene.choices.end(), value);
  return static_cast<std::uint8_t>(found - gene.choices.begin());
}

}  // namespace

std::uint8_t largest_choice(const Gene& gene) {
  const auto largest = std::max_element(gene.choices.begin(), gene.choices.end());
  return static_cast<std::uint8_t>(largest - gene.choices.begin());
}

std::string_view explored_name(Explored explored) {
  switch (explored) {
    case Explored::kBoth:
      return "both";
    case Explored::kNetwork:
      return "network";
    case Explored::kHardware:
      return "hardware";
  }
  return "";
}

Explored explored_from(std::string_view name) {
  for (const Explored explored : {Explored::kBoth, Explored::kNetwork, Explored::kHardware}) {
    if (explored_name(explored) == name) return explored;
  }
  throw base::Error(fmt::format("explore is '{}', allowed are network, hardware and both", name));
}

CimnetSpace::CimnetSpace(CimnetSpaceSpec spec) : spec_(std::move(spec)) {
  try {
    if (!spec_.hardware.digital_cim) {
      throw base::Error("the hardware has no section digital_cim");
    }
    add_network_genes();
    add_hardware_genes();
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("space '{}': {}", spec_.name, error.what()));
  }
}

void CimnetSpace::add_network_genes() {
  for (const Gene& gene : spec_.family->genes()) {
    genes_.push_back(gene);
    if (spec_.explored != Explored::kHardware) continue;
    genes_.back().choices = {gene.choices[largest_choice(gene)]};
  }
}

void CimnetSpace::add_hardware_genes() {
  for (const auto& [key, choices] : spec_.hardware_choices) {
    const auto same = [&key = key](const HardwareChoices& other) { return other.key == key; };
    if (std::count_if(spec_.hardware_choices.begin(), spec_.hardware_choices.end(), same) > 1) {
      throw base::Error(fmt::format("hardware_choices has {} twice", key));
    }
    check_choices(key, choices);
    for (const double choice : choices) {
      hw::HardwareConfig chip = spec_.hardware;
      set_digital_cim_value(*chip.digital_cim, key, choice);
      hw::validate(chip);
    }
    const double usual = digital_cim_value(*spec_.hardware.digital_cim, key);
    if (std::find(choices.begin(), choices.end(), usual) == choices.end()) {
      throw base::Error(fmt::format("{} lacks the default chip's {}", key, usual));
    }
    const bool open = spec_.explored != Explored::kNetwork;
    genes_.push_back({"hardware." + key, key, GenePart::kHardware, -1,
                      open ? choices : std::vector<double>{usual}});
  }
}

Genome CimnetSpace::family_genome(const Genome& genome) const {
  Genome result(genome.begin(), genome.begin() + static_cast<std::ptrdiff_t>(network_genes()));
  if (spec_.explored != Explored::kHardware) return result;
  std::transform(spec_.family->genes().begin(), spec_.family->genes().end(), result.begin(),
                 largest_choice);
  return result;
}

bool CimnetSpace::is_active(const Genome& genome, std::size_t gene) const {
  return gene >= network_genes() || spec_.family->is_active(family_genome(genome), gene);
}

Genome CimnetSpace::baseline() const {
  Genome genome;
  for (std::size_t gene = 0; gene < network_genes(); ++gene) {
    genome.push_back(largest_choice(genes_[gene]));
  }
  for (std::size_t gene = network_genes(); gene < genes_.size(); ++gene) {
    const double usual = digital_cim_value(*spec_.hardware.digital_cim, genes_[gene].slot);
    genome.push_back(index_of(genes_[gene], usual));
  }
  return genome;
}

nn::Network CimnetSpace::network(const Genome& genome) const {
  return spec_.family->network(family_genome(genome), spec_.name);
}

hw::HardwareConfig CimnetSpace::hardware(const Genome& genome) const {
  hw::HardwareConfig chip = spec_.hardware;
  for (std::size_t gene = network_genes(); gene < genes_.size(); ++gene) {
    set_digital_cim_value(*chip.digital_cim, genes_[gene].slot, value(genome, gene));
  }
  return chip;
}

base::Result<Design> CimnetSpace::decode(const Genome& genome) const {
  check(genome);
  try {
    return Design{network(genome), hardware(genome)};
  } catch (const base::Error& problem) {
    return base::Infeasible{problem.what()};
  }
}

nn::Network CimnetSpace::largest_network() const {
  return spec_.family->network(family_genome(baseline()), spec_.name + "-largest");
}

}  // namespace gibbon::space
