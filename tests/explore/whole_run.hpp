#pragma once

#include <string>
#include <vector>

#include "explore/tiny_run.hpp"
#include "gibbon/store/run_record.hpp"
#include "gibbon/store/run_store.hpp"

/// Whole searches in the tiny space, and what came of them.
namespace gibbon::test {

struct RunResult {
  std::vector<store::StoredEvaluation> evaluations;
  std::vector<store::FinalRecord> finals;
};

RunResult result_of(const store::RunStore& store);
/// All but times, which are no results.
void expect_same(const RunResult& expected, const RunResult& actual);

/// explore() in the tiny space, or what is left of it.
explore::Outcome run_tiny(const explore::RunConfig& config, store::RunStore& store,
                          const TemporaryFolder& folder, base::Progress& progress);
RunResult run_unbroken(const explore::RunConfig& config);
/// The files of the run's trained networks.
std::vector<std::string> trained_models(const explore::RunConfig& config);

/// A figure that some designs of the run keep and others do not.
double middle_of(space::Metric metric, const RunResult& result);
double middle_area(const RunResult& result);

}  // namespace gibbon::test
