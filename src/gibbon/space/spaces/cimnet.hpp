#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gibbon/space/search_space.hpp"
#include "gibbon/space/spaces/network_family.hpp"

namespace gibbon::space {

/// One number of a digital compute-in-memory chip and its choices.
struct HardwareChoices {
  std::string key;  ///< of hw::DigitalCim, with its section: "pe.count", "dram.gb_per_s"
  std::vector<double> choices;
};

/// Which genes are open; the others have one choice.
enum class Explored {
  kBoth,
  kNetwork,   ///< on the default chip
  kHardware,  ///< for the largest network
};
/// "both", "network", "hardware".
std::string_view explored_name(Explored explored);
/// Throws base::Error with the allowed names.
Explored explored_from(std::string_view name);

/// CiMNet's joint space (Kundu et al., arXiv 2402.11780): the sub-networks of a family, and the
/// memory hierarchy of the chip that they run on. The paper gives no list of values; the choices of
/// the shipped spaces are docs/models/cimnet.md's.
struct CimnetSpaceSpec {
  std::string name = "cimnet";
  std::shared_ptr<const NetworkFamily> family;
  hw::HardwareConfig hardware;  ///< the default chip, with a section digital_cim
  std::vector<HardwareChoices> hardware_choices;
  Explored explored = Explored::kBoth;
};

/// Genes: those of the family, then "hardware." and each key of hardware_choices, in their order.
class CimnetSpace final : public SearchSpace {
 public:
  /// Throws base::Error naming space, key and value for a chip without digital_cim, a key that is
  /// unknown or comes twice, an empty list, a value that is not positive, comes twice, or that
  /// hw::validate refuses, and for choices that lack the default chip's value.
  explicit CimnetSpace(CimnetSpaceSpec spec);

  const std::string& name() const override { return spec_.name; }
  const std::vector<Gene>& genes() const override { return genes_; }
  bool is_active(const Genome& genome, std::size_t gene) const override;
  base::Result<Design> decode(const Genome& genome) const override;
  nn::Network largest_network() const override;

  /// The largest network on the default chip.
  Genome baseline() const;
  nn::Network network(const Genome& genome) const;
  hw::HardwareConfig hardware(const Genome& genome) const;

 private:
  std::size_t network_genes() const { return spec_.family->genes().size(); }
  void add_network_genes();
  void add_hardware_genes();
  /// The genome in terms of the family's own choices, all of them open.
  Genome family_genome(const Genome& genome) const;

  CimnetSpaceSpec spec_;
  std::vector<Gene> genes_;
};

/// Every key that HardwareChoices may have.
std::vector<std::string> digital_cim_keys();
/// The value of a key, and the chip with another one. Throw base::Error with the nearest key for
/// an unknown one.
double digital_cim_value(const hw::DigitalCim& cim, std::string_view key);
void set_digital_cim_value(hw::DigitalCim& cim, std::string_view key, double value);

}  // namespace gibbon::space
