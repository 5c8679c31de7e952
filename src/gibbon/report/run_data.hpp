#pragma once

#include <utility>
#include <vector>

#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/objective.hpp"
#include "gibbon/store/run_record.hpp"
#include "gibbon/store/run_store.hpp"

namespace gibbon::report {

/// Everything a report shows, gathered from a run's store. Reports compute no result of their own;
/// they arrange, and ask search/ which designs are on the front.
struct RunData {
  store::RunFacts facts;
  std::vector<space::Evaluation> evaluations;  ///< in the order of their recording
  std::vector<store::IterationRecord> iterations;
  std::vector<store::FinalRecord> finals;
  std::vector<store::StageTiming> timings;  ///< longest first
};

/// Reads the documents "run", "iteration/*", "final/*", "timings" (seconds by stage) and all
/// evaluations. A run that was interrupted has fewer of them. Throws base::Error where there is no
/// "run" document or one cannot be read.
RunData read_run_data(const store::RunStore& store);

space::Objective objective_of(const store::RunFacts& facts);

/// One flag an evaluation: is it on the Pareto front of the run's objective?
std::vector<bool> front_flags(const RunData& data);

/// Positions of the finals, the most accurate (test images) first; equal ones by id.
std::vector<std::size_t> finals_by_accuracy(const RunData& data);

/// Each gene's name and the value that the genome chooses. Throws base::Error where the genome does
/// not fit the genes.
std::vector<std::pair<std::string, double>> choices_of(const store::RunFacts& facts,
                                                       const space::Genome& genome);

}  // namespace gibbon::report
