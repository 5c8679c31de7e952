#include "gibbon/report/run_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"
#include "gibbon/report/reports/html.hpp"
#include "report/demo_run.hpp"
#include "report/small_run.hpp"

namespace gibbon::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

/// Leaves a run's documents as a search does.
void record(const RunData& data, store::RunStore& store) {
  store.put({{"run", store::to_json(data.facts)}});
  for (std::size_t i = 0; i < data.evaluations.size(); ++i) {
    store.append({std::to_string(i), data.evaluations[i]});
  }
  for (const store::IterationRecord& iteration : data.iterations) {
    std::string number = std::to_string(iteration.iteration);
    number.insert(0, 4 - number.size(), '0');
    store.put({{"iteration/" + number, store::to_json(iteration)}});
  }
  for (const store::FinalRecord& design : data.finals) {
    store.put({{"final/" + design.id, store::to_json(design)}});
  }
  base::Json timings = base::Json::object();
  for (const store::StageTiming& timing : data.timings) timings[timing.stage] = timing.seconds;
  store.put({{"timings", timings}, {"checkpoint", {{"iteration", 1}}}});
}

TEST(RunDataFromStore, IsWhatWasRecorded) {
  for (const RunData& before : {small_run(), demo_run(3)}) {
    const auto store = store::make_memory_store();
    record(before, *store);
    const RunData after = read_run_data(*store);
    EXPECT_EQ(html_data(after), html_data(before));
    ASSERT_EQ(after.evaluations.size(), before.evaluations.size());
    EXPECT_EQ(after.evaluations.back().metrics, before.evaluations.back().metrics);
    EXPECT_EQ(after.iterations.size(), before.iterations.size());
  }
}

TEST(RunDataFromStore, NeedsTheRunsFacts) {
  const auto store = store::make_memory_store();
  EXPECT_THAT([&] { read_run_data(*store); },
              ThrowsMessage<base::Error>(HasSubstr("the run has not begun")));
  store->put({{"run", store::to_json(store::RunFacts{})}});
  EXPECT_NO_THROW(read_run_data(*store));
  store->put({{"timings", {{"search", "long"}}}});
  EXPECT_THAT([&] { read_run_data(*store); },
              ThrowsMessage<base::Error>(HasSubstr("document \"timings\" cannot be read")));
}

TEST(RunDataFromStore, ShowsTheLongestStageFirst) {
  const auto store = store::make_memory_store();
  store->put(
      {{"run", store::to_json(store::RunFacts{})}, {"timings", {{"a", 1}, {"b", 3}, {"c", 2}}}});
  const RunData data = read_run_data(*store);
  ASSERT_EQ(data.timings.size(), 3u);
  EXPECT_EQ(data.timings[0].stage, "b");
  EXPECT_EQ(data.timings[2].stage, "a");
}

TEST(ChoicesOf, PairsGenesWithTheirValues) {
  const store::RunFacts facts = small_run().facts;
  EXPECT_THAT(choices_of(facts, {1, 2}), ElementsAre(Pair("b0.kernel", 3), Pair("adc_bits", 8)));
  EXPECT_THAT([&] { choices_of(facts, {1}); },
              ThrowsMessage<base::Error>("genome 1 has 1 genes, the run's space 2"));
  EXPECT_THAT(
      [&] {
        choices_of(facts, {2, 0});
      },
      ThrowsMessage<base::Error>("genome 20: gene \"b0.kernel\" has no choice 2"));
}

TEST(FinalsByAccuracy, SortsByTestAccuracyAndThenId) {
  RunData data = small_run();
  data.finals.resize(3, data.finals[0]);
  data.finals[0].id = "c";
  data.finals[1].id = "b";
  data.finals[2].id = "a";
  data.finals[2].metrics[space::Metric::kAccuracy] -= 1;
  EXPECT_THAT(finals_by_accuracy(data), ElementsAre(1, 0, 2));
}

}  // namespace
}  // namespace gibbon::report
