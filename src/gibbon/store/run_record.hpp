#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/sim/simulation_result.hpp"
#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/gene.hpp"

/// The documents that a search leaves in its store and a report is made from. The explorer writes
/// them, report/ reads them (report/run_data.hpp gathers them); JSON both ways.
namespace gibbon::store {

/// What a run is. Document "run".
struct RunFacts {
  std::string name;
  std::string version;
  std::uint64_t seed = 0;
  int threads = 1;
  std::string machine;  ///< processor and number of threads used
  std::string dataset;
  std::string space;
  double space_log10_size = 0;
  std::string space_fingerprint;  ///< space::fingerprint; empty in runs of versions before it
  std::string searcher;
  std::string objective;                 ///< "pareto", "edp", ...
  std::vector<space::Metric> metrics;    ///< of the objective
  std::vector<std::string> constraints;  ///< "area_mm2 <= 20"
  std::vector<space::Gene> genes;
};

/// One round of the search. Documents "iteration/0001", ...
struct IterationRecord {
  int iteration = 0;
  std::int64_t evaluated = 0;  ///< designs simulated so far
  double hypervolume = 0;
  std::map<space::Metric, double> best;  ///< among designs that meet the constraints
  base::Json searcher_statistics = base::Json::object();  ///< entropy.<gene>, priority.<gene>, ...
  // Predictor on this iteration's designs, before it was fitted to them.
  int predicted_count = 0;
  double accuracy_kendall_tau = 0;
  double accuracy_mean_abs_error = 0;  ///< percentage points
  double latency_relative_error = 0;
  double energy_relative_error = 0;
  double area_relative_error = 0;
  double seconds = 0;
};

/// A design of the front after its final training. Documents "final/01", ...
struct FinalRecord {
  std::string id;
  space::Genome genome;
  double one_shot_accuracy = 0;        ///< percent, validation images, quantised, no crossbar
  double search_accuracy = 0;          ///< percent, simulated during the search (supernet weights),
                                       ///< on the chip it had there
  double quantized_test_accuracy = 0;  ///< percent, test images, no crossbar
  space::Metrics validation_metrics;   ///< accuracy: simulated, validation images, final weights
  space::Metrics metrics;              ///< accuracy: simulated, test images, final weights
  int test_images = 0;
  bool on_front = false;  ///< among the finals, by validation_metrics
  base::Json network;
  base::Json hardware;
  sim::SimulationResult simulation;
};

struct StageTiming {
  std::string stage;
  double seconds = 0;
};

base::Json to_json(const RunFacts& facts);
RunFacts run_facts_from_json(const base::Json& json);
base::Json to_json(const IterationRecord& record);
IterationRecord iteration_from_json(const base::Json& json);
base::Json to_json(const FinalRecord& record);
FinalRecord final_from_json(const base::Json& json);

}  // namespace gibbon::store
