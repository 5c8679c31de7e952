#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/spaces/cimnet.hpp"

/// CiMNet's question (Kundu et al., arXiv 2402.11780) without images: how much faster a network
/// becomes by its sub-network, by its chip's memory hierarchy, and by both, within the default
/// chip's area. How accurate a sub-network is needs weights; here the multiply-accumulates that it
/// keeps stand for it. docs/models/cimnet.md.
namespace gibbon::study {

struct FastestOptions {
  std::vector<std::size_t> genes;  ///< the open ones
  space::Genome others;            ///< has the values of the others; empty: the baseline
  double max_area_mm2 = 0;
  double min_kept_macs = 1;  ///< share of the largest network's multiply-accumulates
  /// How far a design misses a bound of the caller's, 0: within; empty: there is none.
  std::function<double(const space::Genome&)> beyond;
  int population = 60;
  int generations = 60;
  std::uint64_t seed = 0;
  std::vector<space::Genome> start;  ///< known designs; the baseline is always one
};

/// A sub-network on a chip.
struct CimnetDesign {
  space::Genome genome;
  sim::Cost cost;
  double kept_macs = 1;  ///< of the largest network's
};

/// Throws base::Error where the design cannot be built.
CimnetDesign measure(const space::CimnetSpace& space, const sim::Simulator& simulator,
                     const space::Genome& genome);

/// The design of least latency found within the bounds, by search::minimize_choices over the open
/// genes. Never slower than a design of `start` within the bounds. Deterministic for a seed.
CimnetDesign find_fastest(const space::CimnetSpace& space, const sim::Simulator& simulator,
                          const FastestOptions& options);

/// The genes that decide the network.
std::vector<std::size_t> network_genes(const space::CimnetSpace& space);

/// The layers of a vision transformer that do the same in each block.
struct LayerGroup {
  std::string name;  ///< "patch embedding", "q, k, v", "attention products", ...
  int layers = 0;
  double time_ms = 0;
  std::string bound_by;    ///< the resource that most of the time waits for
  double bound_share = 0;  ///< of the time, that waits for it
};
/// In the order in which a network has them; times sum to its latency. Layers are told by their
/// names (nn/vision_transformer.hpp).
std::vector<LayerGroup> group_layers(const sim::SimulationResult& result);

}  // namespace gibbon::study
