#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/cost.hpp"
#include "gibbon/sim/mapping/packed_crossbars.hpp"

/// EPIM's accuracy table (Wang et al., DAC 2024) on a network that is small enough to be trained
/// here: which rows there are, how each stores the network and what that costs. Training is the
/// caller's. docs/models/epitome.md says what the rows mean.
namespace gibbon::study {

enum class EpimDesign {
  kConvolutions,
  kUniform,   ///< one rule for every layer
  kSearched,  ///< one shape a layer (search_epitomes), for EDP, within the uniform one's crossbars
  kMixed,     ///< the same with weights of 3 and 5 bits, within the mixed rows' budget
};

struct EpimRow {
  std::string name;   ///< of its files and in the table: "mixed-crossbar"
  std::string start;  ///< the earlier row whose weights it starts from; empty: none
  EpimDesign design = EpimDesign::kConvolutions;
  /// Bits of the weights; 32: single precision; two or more: mixed, by sensitivity, within the
  /// budget of crossbars.
  std::vector<int> widths;
  bool per_crossbar = false;  ///< the parts of EPIM's quantisation, and our clip
  bool overlap_weighted = false;
  bool clips = false;
  double epochs = 1;
  double learning_rate = 0.1;  ///< peak of a one-cycle schedule

  bool is_float() const { return widths.front() == 32; }
  bool is_mixed() const { return widths.size() > 1; }
};

/// In an order in which each row starts from an earlier one. The first gives the crossbars that the
/// others are held against; the most accurate row of convolutions the accuracy: the last one of
/// them has been trained as long as the uniform epitome of mixed widths.
std::vector<EpimRow> epim_rows();

struct EpimSetting {
  nn::Network network;  ///< its convolutions, all weights of 9 bits
  hw::HardwareConfig hardware;
  std::string rule = "512x128";  ///< of the uniform design
  /// EPIM's: crossbars of 32-bit convolutions over the mixed rows' budget, which is at least what
  /// the uniform design takes with 3 bits.
  double factor = 30.65;
  std::uint64_t seed = 0;
};

struct EpimCost {
  long crossbars = 0;
  double factor = 0;  ///< of the 32-bit convolutions' crossbars
  sim::Cost cost;
};

class EpimDesigns {
 public:
  /// Searches two designs: about a second. Throws base::Error where a design does not fit the chip.
  explicit EpimDesigns(EpimSetting setting);

  const EpimSetting& setting() const { return setting_; }
  long baseline_crossbars() const { return baseline_; }
  long mixed_budget() const { return budget_; }
  /// How a row stores each layer of the network. `weights` is a trained network of the row's design
  /// (its start), from which mixed rows take how much each width harms each layer.
  std::vector<sim::LayerStorage> storage(const EpimRow& row,
                                         const nn::TrainedNetwork* weights) const;
  /// The network that the row trains; single precision as 9 bits, which training then ignores.
  nn::Network network(const EpimRow& row, const std::vector<sim::LayerStorage>& storage) const;
  EpimCost cost(const std::vector<sim::LayerStorage>& storage) const;

 private:
  std::vector<sim::LayerStorage> shapes(EpimDesign design) const;
  void assign_mixed_widths(const EpimRow& row, const nn::TrainedNetwork& weights,
                           std::vector<sim::LayerStorage>& storage) const;
  std::vector<sim::LayerStorage> search(const std::vector<int>& widths, long least_budget,
                                        long& budget) const;

  EpimSetting setting_;
  long baseline_ = 0;
  long budget_ = 0;
  std::vector<sim::LayerStorage> uniform_;
  std::vector<sim::LayerStorage> searched_;
  std::vector<sim::LayerStorage> mixed_;
};

}  // namespace gibbon::study
