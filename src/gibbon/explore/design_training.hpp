#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "gibbon/explore/run_context.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/training_progress.hpp"
#include "gibbon/store/run_record.hpp"

/// Training one chosen design alone, and measuring it on its chip.
namespace gibbon::explore {

/// A design to train, and for how long.
struct FinalDesign {
  space::Evaluation evaluation;
  double epochs = 0;
  double teacher_weight = 0;  ///< 0: no teacher
  OwnTraining training = {};
};

/// The run as one design sees it, while others train beside it.
struct Workbench {
  Workbench(RunContext& shared, int threads)
      : run(shared),
        config(with_threads(shared.config, threads)),
        share(share_of(shared.config, threads)) {}

  RunContext& run;
  RunConfig config;  ///< the run's, with this design's part of the threads
  double share;      ///< of the run's threads
};

/// Shows how many designs are done; the epochs of those under way count in the time left. `done`
/// must outlive it.
TrainingProgress design_progress(const Workbench& bench, const char* stage,
                                 const std::string& curves, const std::atomic<std::size_t>& done,
                                 std::size_t designs, double epochs);

/// Accuracy on the validation images after a short training; kept in the store, as trials take
/// time. Nothing where a stop was asked for.
std::optional<double> trial_accuracy(const Workbench& bench, const space::Evaluation& candidate,
                                     base::Progress& progress);

/// Where train_design() leaves the network.
std::filesystem::path model_file(const RunContext& context, const std::string& id);

/// Trains one design, with the answers of a `teacher` if it has one, and measures it; the test
/// images are read here and nowhere else. Nothing where a stop was asked for. The trained network
/// is kept among the checkpoints until forget_kept(): a run broken off in between goes on with it.
std::optional<store::FinalRecord> train_design(const Workbench& bench, const FinalDesign& chosen,
                                               const std::string& id,
                                               const std::optional<std::filesystem::path>& teacher,
                                               base::Progress& progress);

/// The network of this design that answers as others learn from it: as trained, where it is still
/// kept. Batch norms fitted to crossbars are wrong without them (decision 0006).
std::filesystem::path teacher_file(const RunContext& run, const std::string& id);

/// Once the record is in the store, and nobody learns from it.
void forget_kept(const RunContext& run, const std::string& id);

}  // namespace gibbon::explore
