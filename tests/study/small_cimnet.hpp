#pragma once

#include "gibbon/space/spaces/cimnet.hpp"

namespace gibbon::study {

/// Few designs: 2 x (2 x 2)^2 networks on 2 x 2 x 2 x 2 chips.
inline space::CimnetSpaceSpec small_cimnet_spec() {
  space::TransformerFamilySpec family;
  family.input = {3, 16, 16};
  family.num_classes = 10;
  family.patch = 4;
  family.width = 32;
  family.head_width = 8;
  family.layers = {1, 2};
  family.heads = {2, 4};
  family.mlp_widths = {32, 64};
  space::CimnetSpaceSpec spec;
  spec.name = "small";
  spec.family = make_family(family);
  hw::DigitalCim cim;
  cim.pe = {.count = 4, .rows = 16, .columns = 16, .cells_per_column = 2, .buffer_kb = 8};
  cim.shared_memory.size_kb = 16;
  cim.dram.gb_per_s = 1.6;
  cim.vector.lanes = 16;
  spec.hardware.digital_cim = cim;
  spec.hardware_choices = {{"pe.count", {2, 4}},
                           {"vector.lanes", {16, 64}},
                           {"shared_memory.bytes_per_cycle", {256, 512}},
                           {"dram.gb_per_s", {1.6, 6.4}}};
  return spec;
}

}  // namespace gibbon::study
