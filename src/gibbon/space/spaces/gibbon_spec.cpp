#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/space/spaces/gibbon_spec.hpp"

namespace gibbon::space {

namespace {

constexpr int kMaxChoices = 36;  // a genome is written with one base-36 digit a gene
constexpr int kMinBits = 2;
constexpr int kMaxBits = 16;

/// Checks the lists of one spec; every message names the space.
class SpecCheck {
 public:
  explicit SpecCheck(const GibbonSpaceSpec& spec) : spec_(spec) {}

  void run() const {
    check_network();
    check_blocks();
    check_hardware();
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    throw base::Error(fmt::format("space '{}': {}", spec_.name, problem));
  }

  template <typename T>
  void check_list(const std::string& key, const std::vector<T>& values) const {
    if (values.empty()) refuse(fmt::format("{} is empty, it needs at least one choice", key));
    if (values.size() > kMaxChoices) {
      refuse(fmt::format("{} has {} choices, allowed are {}", key, values.size(), kMaxChoices));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] > 0))
        refuse(fmt::format("{} holds {}, which is not positive", key, values[i]));
      if (std::count(values.begin(), values.begin() + static_cast<long>(i), values[i]) > 0) {
        refuse(fmt::format("{} holds {} twice", key, values[i]));
      }
    }
  }

  void check_stages(const std::string& key, const StageChoices& choices) const {
    const std::size_t stages = spec_.stage_blocks.size();
    if (choices.lists.empty()) return check_list(key, std::vector<int>());
    if (choices.lists.size() == 1) return check_list(key, choices.lists.front());
    if (choices.lists.size() != stages) {
      refuse(fmt::format("{} has {} lists, it needs one for all stages or one for each of the {}",
                         key, choices.lists.size(), stages));
    }
    for (std::size_t stage = 0; stage < stages; ++stage) {
      check_list(fmt::format("{} of stage {}", key, stage + 1), choices.lists[stage]);
    }
  }

  void check_positive(const std::string& key, int value) const {
    if (value <= 0) refuse(fmt::format("{} is {}, which is not positive", key, value));
  }

  void check_bits(const std::string& key, int bits) const {
    if (bits < kMinBits || bits > kMaxBits) {
      refuse(fmt::format("{} is {}, allowed are {} to {}", key, bits, kMinBits, kMaxBits));
    }
  }

  void check_kernel(const std::string& key, int kernel) const {
    if (kernel != 2 && kernel % 2 == 0) {
      refuse(fmt::format("{} is {}, allowed are 2 and odd sizes", key, kernel));
    }
  }

  void check_shares(const std::string& key, const std::vector<double>& shares) const {
    check_list(key, shares);
    for (const double share : shares) {
      if (share > 1) refuse(fmt::format("{} holds {}, allowed are shares up to 1", key, share));
    }
  }

  void check_network() const {
    check_positive("input channels", spec_.input.channels);
    check_positive("input height", spec_.input.height);
    check_positive("input width", spec_.input.width);
    check_positive("num_classes", spec_.num_classes);
    check_bits("input_bits", spec_.input_bits);
    check_list("stem_channels", spec_.stem_channels);
    check_positive("stem_kernel", spec_.stem_kernel);
    check_kernel("stem_kernel", spec_.stem_kernel);
    check_list("stem_stride", spec_.stem_strides);
    check_bits("stem_weight_bits", spec_.stem_weight_bits);
    check_list("stage_pool", spec_.stage_pools);
    for (const int pool : spec_.stage_pools) {
      if (pool > 2) refuse(fmt::format("stage_pool is {}, allowed are 1 and 2", pool));
    }
    if (!(spec_.activation_range > 0)) {
      refuse(fmt::format("activation_range is {}, which is not positive", spec_.activation_range));
    }
    check_bits("head_bits", spec_.head_bits);
  }

  void check_blocks() const {
    if (spec_.stage_blocks.empty()) refuse("stage_blocks is empty, it needs at least one stage");
    for (std::size_t stage = 0; stage < spec_.stage_blocks.size(); ++stage) {
      check_list(fmt::format("stage_blocks of stage {}", stage + 1), spec_.stage_blocks[stage]);
    }
    check_stages("channels", spec_.channels);
    check_stages("kernels", spec_.kernels);
    check_stages("groups", spec_.groups);
    check_list("weight_bits", spec_.weight_bits);
    check_list("activation_bits", spec_.activation_bits);
    check_epitomes();
    for (const auto& kernels : spec_.kernels.lists) {
      for (const int kernel : kernels) check_kernel("kernels", kernel);
    }
    for (const int bits : spec_.weight_bits) check_bits("weight_bits", bits);
    for (const int bits : spec_.activation_bits) check_bits("activation_bits", bits);
    for (std::size_t stage = 0; stage < spec_.stage_blocks.size(); ++stage) {
      check_groups(spec_.groups.of(stage), spec_.channels.of(stage));
    }
  }

  void check_epitomes() const {
    constexpr double kSmallest = 1.0 / 16;
    check_shares("epitomes", spec_.epitomes);
    for (const double share : spec_.epitomes) {
      int exponent = 0;
      if (share >= kSmallest && std::frexp(share, &exponent) == 0.5) continue;
      refuse(fmt::format("epitomes holds {}, allowed are 1 (none), 1/2, 1/4, 1/8, 1/16", share));
    }
  }

  void check_groups(const std::vector<int>& groups, const std::vector<int>& channels) const {
    for (const int count : groups) {
      for (const int width : channels) {
        if (width % count == 0) continue;
        refuse(fmt::format("groups holds {}, which does not divide the channel choice {}", count,
                           width));
      }
    }
  }

  void check_hardware() const {
    check_list("crossbar_sizes", spec_.crossbar_sizes);
    check_list("adc_bits", spec_.adc_bits);
    check_list("dac_bits", spec_.dac_bits);
    check_list("cell_bits", spec_.cell_bits);
    check_shares("wordline_shares", spec_.wordline_shares);
    check_shares("bitline_shares", spec_.bitline_shares);
    for (const int bits : spec_.cell_bits) {
      if (bits > 8) refuse(fmt::format("cell_bits holds {}, allowed are 1 to 8", bits));
    }
    if (spec_.hardware.device.resistance_ohm.size() < 2) {
      refuse("the hardware's device.resistance_ohm needs at least two resistances");
    }
  }

  const GibbonSpaceSpec& spec_;
};

}  // namespace

void validate(const GibbonSpaceSpec& spec) {
  SpecCheck(spec).run();
}

GibbonSpaceSpec gibbon_table1_spec() {
  GibbonSpaceSpec spec;
  spec.name = "gibbon-table1";
  const std::vector<int> blocks = {2, 4, 6, 8, 10};
  spec.stage_blocks = {blocks, blocks, blocks};
  spec.channels = {16, 32, 48, 64, 80, 96};
  spec.kernels = {1, 2, 3};
  spec.groups = {1, 2, 4, 8, 16};
  spec.weight_bits = {5, 7, 9};
  spec.activation_bits = {5, 7, 9};
  spec.crossbar_sizes = {32, 64, 128, 256};
  spec.adc_bits = {4, 6, 8, 10};
  spec.dac_bits = {1, 2};
  spec.cell_bits = {1, 2};
  spec.wordline_shares = {0.125, 0.25, 0.5, 1};
  spec.bitline_shares = {0.125, 0.25, 0.5, 1};
  return spec;
}

}  // namespace gibbon::space
