#include "gibbon/space/spaces/gibbon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/hw/component_library.hpp"
#include "gibbon/space/spaces/gibbon_network.hpp"
#include "gibbon/space/spaces/gibbon_spec.hpp"

namespace gibbon::space {

namespace {

// Order of the genes inside a block and of the hardware's genes.
enum BlockSlot : std::size_t {
  kChannels,
  kKernel,
  kGroups,
  kWeightBits,
  kActivationBits,
  kEpitome
};
constexpr std::size_t kBlockSlotsWithoutEpitome = 5;
enum HardwareSlot : std::size_t {
  kCrossbarSize,
  kAdcBits,
  kDacBits,
  kCellBits,
  kWordlineShare,
  kBitlineShare
};
constexpr std::size_t kHardwareSlots = 6;

template <typename T>
T largest(const std::vector<T>& values) {
  return *std::max_element(values.begin(), values.end());
}

int smallest(const std::vector<int>& values) {
  return *std::min_element(values.begin(), values.end());
}

std::vector<double> as_choices(const std::vector<int>& values) {
  return {values.begin(), values.end()};
}

/// Levels equally spaced in conductance between the ends of `resistances`, highest resistance
/// first: currents add up, so equal steps of conductance are equal steps of the sum.
std::vector<double> resistances_of_levels(const std::vector<double>& resistances, int levels) {
  const auto [low, high] = std::minmax_element(resistances.begin(), resistances.end());
  const double first = 1 / *high;
  const double step = (1 / *low - first) / (levels - 1);
  std::vector<double> result;
  for (int level = 0; level < levels; ++level) result.push_back(1 / (first + level * step));
  result.front() = *high;
  result.back() = *low;
  return result;
}

int share_of(double share, int whole) {
  return std::max(1, static_cast<int>(std::lround(share * whole)));
}

class GibbonSpace final : public SearchSpace {
 public:
  explicit GibbonSpace(GibbonSpaceSpec spec) : spec_(std::move(spec)) {
    validate(spec_);
    add_depth_genes();
    add_network_genes();
    add_block_genes();
    add_hardware_genes();
    check_hardware_choices();
  }

  const std::string& name() const override { return spec_.name; }
  const std::vector<Gene>& genes() const override { return genes_; }

  bool is_active(const Genome& genome, std::size_t gene) const override {
    const Place& place = places_[gene];
    if (place.stage < 0) return true;
    if (place.block >= depth(genome, static_cast<std::size_t>(place.stage))) return false;
    return !place.ungrouped_only || value(genome, gene - kEpitome + kGroups) == 1;
  }

  base::Result<Design> decode(const Genome& genome) const override {
    SearchSpace::check(genome);
    try {
      return Design{build_gibbon_network(spec_, spec_.name, choice_of(genome), blocks_of(genome)),
                    hardware_of(genome)};
    } catch (const base::Error& problem) {
      return base::Infeasible{problem.what()};
    }
  }

  nn::Network largest_network() const override {
    std::vector<std::vector<BlockChoice>> stages;
    for (std::size_t stage = 0; stage < spec_.stage_blocks.size(); ++stage) {
      const BlockChoice widest = {largest(spec_.channels.of(stage)),
                                  largest(spec_.kernels.of(stage)),
                                  smallest(spec_.groups.of(stage)), largest(spec_.weight_bits),
                                  largest(spec_.activation_bits)};
      stages.emplace_back(static_cast<std::size_t>(largest(spec_.stage_blocks[stage])), widest);
    }
    const NetworkChoice most = {largest(spec_.stem_channels), smallest(spec_.stem_strides),
                                largest(spec_.stage_pools)};
    return build_gibbon_network(spec_, spec_.name + "-largest", most, stages);
  }

 private:
  /// Where a gene belongs; stage -1: it is always active.
  struct Place {
    int stage = -1;
    int block = -1;
    bool ungrouped_only = false;
  };

  std::size_t stages() const { return spec_.stage_blocks.size(); }

  int depth(const Genome& genome, std::size_t stage) const {
    return spec_.stage_blocks[stage][genome[stage]];
  }

  void add_gene(Gene gene, Place place) {
    genes_.push_back(std::move(gene));
    places_.push_back(place);
  }

  void add_depth_genes() {
    for (std::size_t stage = 0; stage < stages(); ++stage) {
      add_gene({fmt::format("stage{}.blocks", stage + 1), "blocks", GenePart::kNetwork, -1,
                as_choices(spec_.stage_blocks[stage])},
               {});
    }
  }

  /// What leaves no choice has no gene.
  void add_network_genes() {
    const auto add = [&](const char* name, const char* slot,
                         const std::vector<int>& choices) -> std::optional<std::size_t> {
      if (choices.size() == 1) return std::nullopt;
      add_gene({name, slot, GenePart::kNetwork, -1, as_choices(choices)}, {});
      return genes_.size() - 1;
    };
    stem_channels_gene_ = add("stem.channels", "stem_channels", spec_.stem_channels);
    stem_stride_gene_ = add("stem.stride", "stem_stride", spec_.stem_strides);
    stage_pool_gene_ = add("stages.pool", "stage_pool", spec_.stage_pools);
  }

  void add_block_genes() {
    int position = 0;
    for (std::size_t stage = 0; stage < stages(); ++stage) {
      first_gene_of_stage_.push_back(genes_.size());
      for (int block = 0; block < largest(spec_.stage_blocks[stage]); ++block, ++position) {
        const auto add = [&](const char* slot, GenePart part, const std::vector<int>& choices) {
          add_gene({fmt::format("stage{}.block{}.{}", stage + 1, block + 1, slot), slot, part,
                    position, as_choices(choices)},
                   {static_cast<int>(stage), block});
        };
        add("channels", GenePart::kNetwork, spec_.channels.of(stage));
        add("kernel", GenePart::kNetwork, spec_.kernels.of(stage));
        add("groups", GenePart::kNetwork, spec_.groups.of(stage));
        add("weight_bits", GenePart::kQuantization, spec_.weight_bits);
        add("activation_bits", GenePart::kQuantization, spec_.activation_bits);
        if (chooses_epitomes()) add_epitome_gene(static_cast<int>(stage), block, position);
      }
    }
  }

  bool chooses_epitomes() const { return spec_.epitomes.size() > 1; }
  std::size_t block_slots() const {
    return kBlockSlotsWithoutEpitome + (chooses_epitomes() ? 1 : 0);
  }

  void add_epitome_gene(int stage, int block, int position) {
    add_gene({fmt::format("stage{}.block{}.epitome", stage + 1, block + 1), "epitome",
              GenePart::kNetwork, position, spec_.epitomes},
             {stage, block, true});
  }

  void add_hardware_genes() {
    const auto add = [&](const char* slot, std::vector<double> choices) {
      add_gene(
          {fmt::format("hardware.{}", slot), slot, GenePart::kHardware, -1, std::move(choices)},
          {});
    };
    add("crossbar_size", as_choices(spec_.crossbar_sizes));
    add("adc_bits", as_choices(spec_.adc_bits));
    add("dac_bits", as_choices(spec_.dac_bits));
    add("cell_bits", as_choices(spec_.cell_bits));
    add("wordline_share", spec_.wordline_shares);
    add("bitline_share", spec_.bitline_shares);
  }

  /// Each choice at least once, so that a converter or size that does not exist is refused when
  /// the space is made and not in the middle of a search. Converters come first: they are looked up
  /// for every choice of the other genes.
  void check_hardware_choices() const {
    for (const int bits : spec_.adc_bits) {
      refused_as("adc_bits", bits, [&] { hw::adc_of_bits(bits); });
    }
    for (const int bits : spec_.dac_bits) {
      refused_as("dac_bits", bits, [&] { hw::dac_of_bits(bits); });
    }
    const std::size_t first = genes_.size() - kHardwareSlots;
    Genome genome(genes_.size(), 0);
    for (std::size_t gene = first; gene < genes_.size(); ++gene) {
      for (std::size_t choice = 0; choice < genes_[gene].choices.size(); ++choice) {
        genome[gene] = static_cast<std::uint8_t>(choice);
        refused_as(genes_[gene].slot, genes_[gene].choices[choice],
                   [&] { hw::validate(hardware_of(genome)); });
      }
      genome[gene] = 0;
    }
  }

  template <typename Check>
  void refused_as(std::string_view slot, double choice, const Check& checked) const {
    try {
      checked();
    } catch (const base::Error& problem) {
      throw base::Error(
          fmt::format("space '{}': hardware.{} {}: {}", spec_.name, slot, choice, problem.what()));
    }
  }

  NetworkChoice choice_of(const Genome& genome) const {
    const auto chosen = [&](std::optional<std::size_t> gene, const std::vector<int>& choices) {
      return gene ? static_cast<int>(value(genome, *gene)) : choices.front();
    };
    return {chosen(stem_channels_gene_, spec_.stem_channels),
            chosen(stem_stride_gene_, spec_.stem_strides),
            chosen(stage_pool_gene_, spec_.stage_pools)};
  }

  std::vector<std::vector<BlockChoice>> blocks_of(const Genome& genome) const {
    std::vector<std::vector<BlockChoice>> result(stages());
    for (std::size_t stage = 0; stage < stages(); ++stage) {
      for (int block = 0; block < depth(genome, stage); ++block) {
        const std::size_t first =
            first_gene_of_stage_[stage] + static_cast<std::size_t>(block) * block_slots();
        const auto chosen = [&](BlockSlot slot) {
          return static_cast<int>(value(genome, first + slot));
        };
        result[stage].push_back(
            {chosen(kChannels), chosen(kKernel), chosen(kGroups), chosen(kWeightBits),
             chosen(kActivationBits),
             chooses_epitomes() ? value(genome, first + kEpitome) : spec_.epitomes.front()});
      }
    }
    return result;
  }

  hw::HardwareConfig hardware_of(const Genome& genome) const {
    const std::size_t first = genes_.size() - kHardwareSlots;
    const auto chosen = [&](HardwareSlot slot) { return value(genome, first + slot); };
    const auto count = [&](HardwareSlot slot) { return static_cast<int>(chosen(slot)); };
    hw::HardwareConfig config = spec_.hardware;
    const int size = count(kCrossbarSize);
    config.crossbar.rows = size;
    config.crossbar.columns = size;
    config.crossbar.subarray_rows = size;
    config.adc = hw::adc_of_bits(count(kAdcBits));
    config.dac = hw::dac_of_bits(count(kDacBits));
    config.device.levels = 1 << count(kCellBits);
    config.device.resistance_ohm =
        resistances_of_levels(spec_.hardware.device.resistance_ohm, config.device.levels);
    config.pe.dacs_per_subarray = share_of(chosen(kWordlineShare), size);
    config.pe.adcs_per_subarray = share_of(chosen(kBitlineShare), size);
    return config;
  }

  GibbonSpaceSpec spec_;
  std::vector<Gene> genes_;
  std::vector<Place> places_;
  std::optional<std::size_t> stem_channels_gene_;
  std::optional<std::size_t> stem_stride_gene_;
  std::optional<std::size_t> stage_pool_gene_;
  std::vector<std::size_t> first_gene_of_stage_;
};

}  // namespace

std::unique_ptr<SearchSpace> make_gibbon_space(const GibbonSpaceSpec& spec) {
  return std::make_unique<GibbonSpace>(spec);
}

}  // namespace gibbon::space
