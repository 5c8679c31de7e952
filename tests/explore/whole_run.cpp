#include "explore/whole_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gibbon/base/file.hpp"

namespace gibbon::test {

RunResult result_of(const store::RunStore& store) {
  RunResult result{store.evaluations(), {}};
  for (const std::string& name : store.names("final/")) {
    result.finals.push_back(store::final_from_json(*store.get(name)));
  }
  return result;
}

void expect_same(const RunResult& expected, const RunResult& actual) {
  ASSERT_EQ(expected.evaluations.size(), actual.evaluations.size());
  for (std::size_t i = 0; i < expected.evaluations.size(); ++i) {
    EXPECT_EQ(expected.evaluations[i].key, actual.evaluations[i].key);
    EXPECT_EQ(to_json(expected.evaluations[i].evaluation),
              to_json(actual.evaluations[i].evaluation));
  }
  ASSERT_EQ(expected.finals.size(), actual.finals.size());
  for (std::size_t i = 0; i < expected.finals.size(); ++i) {
    EXPECT_EQ(to_json(expected.finals[i]), to_json(actual.finals[i]));
  }
}

explore::Outcome run_tiny(const explore::RunConfig& config, store::RunStore& store,
                          const TemporaryFolder& folder, base::Progress& progress) {
  return explore::explore(config, *tiny_space(), tiny_dataset(), store, folder.run_paths(),
                          progress);
}

RunResult run_unbroken(const explore::RunConfig& config) {
  const TemporaryFolder folder("gibbon-unbroken");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  EXPECT_EQ(run_tiny(config, *store, folder, progress), explore::Outcome::kFinished);
  return result_of(*store);
}

std::vector<std::string> trained_models(const explore::RunConfig& config) {
  const TemporaryFolder folder("gibbon-finals");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  run_tiny(config, *store, folder, progress);
  std::vector<std::string> files;
  for (const store::FinalRecord& record : result_of(*store).finals) {
    files.push_back(base::read_file(folder.run_paths().models / (record.id + ".gibbon")));
  }
  return files;
}

double middle_of(space::Metric metric, const RunResult& result) {
  std::vector<double> figures;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    figures.push_back(stored.evaluation.metrics[metric]);
  }
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

double middle_area(const RunResult& result) {
  return middle_of(space::Metric::kArea, result);
}

}  // namespace gibbon::test
