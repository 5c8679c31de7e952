#include "gibbon/app/terminal_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <string>

namespace gibbon::app {
namespace {

base::ProgressUpdate search_update() {
  base::ProgressUpdate update;
  update.stage = "search";
  update.done = 12;
  update.total = 40;
  update.best = {{"accuracy_top1", 88.125}, {"edp_ms_mj", 0.24}};
  update.hypervolume = 0.41234;
  update.seconds_left = 180;
  return update;
}

std::string written(std::FILE* file) {
  std::rewind(file);
  std::array<char, 4096> buffer{};
  return {buffer.data(), std::fread(buffer.data(), 1, buffer.size(), file)};
}

TEST(TerminalProgress, TheLineShowsWhatIsKnown) {
  EXPECT_EQ(progress_line(search_update(), 80),
            "search  12/40  accuracy 88.1  edp 0.24  hv 0.4123  3 min left");
  base::ProgressUpdate unknown;
  unknown.stage = "supernet";
  EXPECT_EQ(progress_line(unknown, 80), "supernet");
}

TEST(TerminalProgress, TheLineIsCutAtTheEdge) {
  const base::ProgressUpdate update = search_update();
  const std::string whole = progress_line(update, 80);
  EXPECT_EQ(progress_line(update, whole.size()), whole);
  const std::string cut = progress_line(update, whole.size() - 1);
  EXPECT_EQ(cut.size(), whole.size() - 1);
  EXPECT_EQ(cut.back(), '~');
}

TEST(TerminalProgress, TimesHaveReadableUnits) {
  base::ProgressUpdate update;
  for (const auto& [seconds, text] : {std::pair{89.0, "89 s left"},
                                      {91.0, "2 min left"},
                                      {5399.0, "90 min left"},
                                      {5401.0, "1.5 h left"}}) {
    update.seconds_left = seconds;
    EXPECT_THAT(progress_line(update, 80), testing::EndsWith(text));
  }
}

TEST(TerminalProgress, AFileGetsALineAStageAndNotEachUpdate) {
  std::FILE* file = std::tmpfile();
  {
    TerminalProgress progress(false, file);
    base::ProgressUpdate update = search_update();
    progress.update(update);
    update.done = 13;
    progress.update(update);  // too soon after the first
    progress.note("a note");
    update.stage = "final";
    progress.update(update);
    update.done = update.total;
    progress.update(update);
  }
  const std::string text = written(file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
  EXPECT_THAT(text, testing::HasSubstr("a note\nfinal  13/40"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("\r")));
  std::fclose(file);
}

/// The last update of a stage is written at once, but not twice in the same words.
TEST(TerminalProgress, AFileHasNoLineTwiceInARow) {
  std::FILE* file = std::tmpfile();
  {
    TerminalProgress progress(false, file);
    base::ProgressUpdate update = search_update();
    update.done = update.total;
    progress.update(update);
    progress.update(update);
    update.hypervolume = 0.5;
    progress.update(update);
  }
  EXPECT_EQ(written(file),
            "search  40/40  accuracy 88.1  edp 0.24  hv 0.4123  3 min left\n"
            "search  40/40  accuracy 88.1  edp 0.24  hv 0.5000  3 min left\n");
  std::fclose(file);
}

TEST(TerminalProgress, QuietWritesNothing) {
  std::FILE* file = std::tmpfile();
  {
    TerminalProgress progress(true, file);
    progress.update(search_update());
    progress.note("a note");
  }
  EXPECT_EQ(written(file), "");
  std::fclose(file);
}

TEST(TerminalProgress, TheFirstInterruptAsksToStop) {
  TerminalProgress progress(true);
  EXPECT_FALSE(progress.stop_requested());
  raise(SIGINT);
  EXPECT_TRUE(progress.stop_requested());
}

TEST(TerminalProgressDeathTest, TheSecondInterruptStopsAtOnce) {
  EXPECT_EXIT(
      {
        TerminalProgress progress(true);
        raise(SIGINT);
        raise(SIGINT);
      },
      testing::ExitedWithCode(128 + SIGINT), "finishing");
}

}  // namespace
}  // namespace gibbon::app
