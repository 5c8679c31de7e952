// What every RunStore promises, run over each implementation.
#include "gibbon/store/run_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <thread>

#include "gibbon/base/error.hpp"
#include "store/samples.hpp"

namespace gibbon::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

struct Maker {
  std::string name;
  std::function<std::unique_ptr<RunStore>(const TemporaryFolder&)> make;
};

class RunStoreContract : public ::testing::TestWithParam<Maker> {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = GetParam().make(folder_);
};

void expect_same(const StoredEvaluation& actual, const StoredEvaluation& expected) {
  EXPECT_EQ(actual.key, expected.key);
  EXPECT_EQ(actual.evaluation.genome, expected.evaluation.genome);
  for (std::size_t i = 0; i < space::kMetricCount; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(actual.evaluation.metrics.values[i]),
              std::bit_cast<std::uint64_t>(expected.evaluation.metrics.values[i]));
  }
  EXPECT_EQ(actual.evaluation.one_shot_accuracy, expected.evaluation.one_shot_accuracy);
  EXPECT_EQ(actual.evaluation.predicted, expected.evaluation.predicted);
  EXPECT_EQ(actual.evaluation.infeasible, expected.evaluation.infeasible);
  EXPECT_EQ(actual.evaluation.iteration, expected.evaluation.iteration);
}

TEST_P(RunStoreContract, StartsEmpty) {
  EXPECT_THAT(store_->evaluations(), IsEmpty());
  EXPECT_THAT(store_->names(""), IsEmpty());
  EXPECT_FALSE(store_->find("key-0").has_value());
  EXPECT_FALSE(store_->get("document").has_value());
}

TEST_P(RunStoreContract, KeepsEveryFieldAndTheOrderOfAppend) {
  for (const int i : {5, 0, 3, 2, 11}) store_->append(sample(i));
  const std::vector<StoredEvaluation> stored = store_->evaluations();
  ASSERT_EQ(stored.size(), 5u);
  const std::vector<int> order = {5, 0, 3, 2, 11};
  for (std::size_t i = 0; i < order.size(); ++i) expect_same(stored[i], sample(order[i]));
}

TEST_P(RunStoreContract, KeepsNonFiniteValues) {
  StoredEvaluation odd = sample(0);
  const double infinity = std::numeric_limits<double>::infinity();
  odd.evaluation.metrics.values = {std::nan(""), infinity, -infinity, 5e-324, 0.0, 1.0};
  odd.evaluation.predicted = odd.evaluation.metrics;
  store_->append(odd);
  const space::Evaluation found = store_->find(odd.key).value();
  for (const space::Metrics& metrics : {found.metrics, found.predicted.value()}) {
    EXPECT_TRUE(std::isnan(metrics.values[0]));
    EXPECT_EQ(metrics.values[1], infinity);
    EXPECT_EQ(metrics.values[2], -infinity);
    EXPECT_EQ(metrics.values[3], 5e-324);
  }
}

TEST_P(RunStoreContract, FindsByTheWholeKeyAndTheLastOfEqualKeys) {
  store_->append(sample(1));
  StoredEvaluation again = sample(2);
  again.key = "key-1";
  store_->append(again);
  store_->append(sample(3));
  expect_same({"key-1", store_->find("key-1").value()}, again);
  EXPECT_FALSE(store_->find("key-").has_value());
  EXPECT_FALSE(store_->find("KEY-1").has_value());
  EXPECT_FALSE(store_->find("").has_value());
}

TEST_P(RunStoreContract, PutReplacesAndKeepsTheOrderOfKeys) {
  store_->put({{"state", {{"z", 1}, {"a", 0.1}}}});
  EXPECT_EQ(store_->get("state").value().dump(), R"({"z":1,"a":0.1})");
  store_->put({{"state", {1, 2}}, {"other", "text"}});
  EXPECT_EQ(store_->get("state").value().dump(), "[1,2]");
  EXPECT_EQ(store_->get("other").value(), "text");
}

TEST_P(RunStoreContract, PutOfSeveralIsAllOrNothing) {
  store_->put({{"a", 1}});
  // The last document is not UTF-8 and cannot be stored: the first two may not appear either.
  const auto put = [&] { store_->put({{"a", 2}, {"b", 2}, {"broken", std::string("\xff")}}); };
  EXPECT_THAT(put, ThrowsMessage<base::Error>(HasSubstr("cannot store document \"broken\"")));
  EXPECT_EQ(store_->get("a").value(), 1);
  EXPECT_THAT(store_->names(""), ElementsAre("a"));
  store_->put({{"b", 3}});  // the store goes on working
  EXPECT_EQ(store_->get("b").value(), 3);
}

TEST_P(RunStoreContract, NamesByPrefixSortedByBytes) {
  store_->put({{"iteration/10", 0}, {"iteration/2", 0}, {"iteration", 0}, {"iteratioX", 0}});
  store_->put({{"final/1", 0}, {"%", 0}, {"_", 0}});
  EXPECT_THAT(store_->names("iteration/"), ElementsAre("iteration/10", "iteration/2"));
  EXPECT_THAT(store_->names("iteration"), ElementsAre("iteration", "iteration/10", "iteration/2"));
  EXPECT_THAT(store_->names("%"), ElementsAre("%"));  // no wild cards
  EXPECT_THAT(store_->names("none"), IsEmpty());
  EXPECT_EQ(store_->names("").size(), 7u);
}

TEST_P(RunStoreContract, ThreadsMayShareIt) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        store_->append(sample(10 * t + i));
        EXPECT_TRUE(store_->find("key-" + std::to_string(10 * t)).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->evaluations().size(), 40u);
}

INSTANTIATE_TEST_SUITE_P(
    All, RunStoreContract,
    ::testing::Values(Maker{"memory", [](const TemporaryFolder&) { return make_memory_store(); }},
                      Maker{"sqlite",
                            [](const TemporaryFolder& folder) {
                              return open_sqlite_store(folder / "run.db", OpenMode::kCreate);
                            }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace gibbon::store
