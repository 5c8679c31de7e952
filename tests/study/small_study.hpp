#pragma once

#include <memory>
#include <vector>

#include "gibbon/space/spaces/gibbon.hpp"
#include "gibbon/study/surrogate.hpp"

namespace gibbon::test {

/// A space of two short stages on 8x8 images, and a table of made-up accuracies in it: 80 % without
/// crossbars with 8 channels and 70 % with 4 in the first block, less 30 points with ADCs of 4
/// bits.
struct SmallStudy {
  std::unique_ptr<space::SearchSpace> space;
  std::unique_ptr<sim::Simulator> simulator = sim::make_simulator("mnsim2");
  std::vector<store::TabulatedDesign> table;

  explicit SmallStudy(int designs = 120) {
    space::GibbonSpaceSpec spec = space::gibbon_table1_spec();
    spec.name = "small";
    spec.input = {1, 8, 8};
    spec.num_classes = 3;
    spec.stage_blocks = {{1}, {1, 2}};
    spec.channels = {4, 8};
    spec.kernels = {2, 3};
    spec.groups = {1, 2};
    space = space::make_gibbon_space(spec);
    base::Rng rng(1);
    while (static_cast<int>(table.size()) < designs) {
      const space::Genome genome = space->sample(rng);
      const auto hardware = study::hardware_of(*space, *simulator, genome);
      if (!hardware) continue;
      store::TabulatedDesign design{genome, *hardware, one_shot(genome), one_shot(genome)};
      design.metrics[space::Metric::kAccuracy] = one_shot(genome) - lost(genome);
      table.push_back(design);
    }
  }
  double one_shot(const space::Genome& genome) const {
    return value(genome, "stage1.block1.channels") == 8 ? 80 : 70;
  }
  double lost(const space::Genome& genome) const {
    return value(genome, "hardware.adc_bits") == 4 ? 30 : 0;
  }
  study::Surrogate surrogate() const { return {*space, *simulator, table, {}}; }

 private:
  double value(const space::Genome& genome, const char* gene) const {
    return space->value(genome, space->gene_index(gene));
  }
};

}  // namespace gibbon::test
