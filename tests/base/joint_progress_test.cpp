#include "gibbon/base/joint_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gibbon::base {
namespace {

class Watcher final : public Progress {
 public:
  void update(const ProgressUpdate& update) override { last = update; }
  void note(const std::string& line) override { notes.push_back(line); }
  bool stop_requested() const override { return stop; }

  ProgressUpdate last;
  std::vector<std::string> notes;
  bool stop = false;
};

ProgressUpdate steps(int done, int total) {
  ProgressUpdate update;
  update.stage = "final training";
  update.done = done;
  update.total = total;
  return update;
}

// Half of 5 epochs and a quarter of 10: 2.5 + 2.5 of 15.
TEST(JointProgress, AddsWhatItsPartsHaveDone) {
  Watcher watcher;
  JointProgress joint(watcher, "epochs", {5, 10});
  joint.part(0).update(steps(50, 100));
  EXPECT_EQ(watcher.last.stage, "epochs");
  EXPECT_EQ(watcher.last.done, 2);
  EXPECT_EQ(watcher.last.total, 15);
  joint.part(1).update(steps(1, 4));
  EXPECT_EQ(watcher.last.done, 5);
  EXPECT_GE(watcher.last.seconds_left, 0);
  joint.part(0).update(steps(100, 100));
  joint.part(1).update(steps(4, 4));
  EXPECT_EQ(watcher.last.done, 15);
}

TEST(JointProgress, HasNoEstimateBeforeAHundredthIsDone) {
  Watcher watcher;
  JointProgress joint(watcher, "epochs", {1});
  joint.part(0).update(steps(1, 100));
  EXPECT_LT(watcher.last.seconds_left, 0);
  joint.part(0).update(steps(2, 100));
  EXPECT_GE(watcher.last.seconds_left, 0);
}

TEST(JointProgress, PassesNotesAndStopRequestsThrough) {
  Watcher watcher;
  JointProgress joint(watcher, "epochs", {1});
  joint.part(0).note("done");
  EXPECT_THAT(watcher.notes, testing::ElementsAre("done"));
  EXPECT_FALSE(joint.part(0).stop_requested());
  watcher.stop = true;
  EXPECT_TRUE(joint.part(0).stop_requested());
}

}  // namespace
}  // namespace gibbon::base
