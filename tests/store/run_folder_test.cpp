#include "gibbon/store/run_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gibbon/base/error.hpp"
#include "store/samples.hpp"

namespace gibbon::store {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(RunFolder, CreatesTheFolderItsParentsAndItsParts) {
  const TemporaryFolder place;
  const RunFolder folder(place / "runs/first", OpenMode::kCreate);
  for (const char* part : {"layers", "hardware", "checkpoints", "models"}) {
    EXPECT_TRUE(std::filesystem::is_directory(place / "runs/first" / part));
  }
  EXPECT_EQ(folder.config(), place / "runs/first/config.yaml");
  EXPECT_EQ(folder.database(), place / "runs/first/run.db");
  EXPECT_EQ(folder.candidates(), place / "runs/first/candidates.csv");
  EXPECT_EQ(folder.pareto(), place / "runs/first/pareto.csv");
  EXPECT_EQ(folder.summary(), place / "runs/first/summary.json");
  EXPECT_EQ(folder.report(), place / "runs/first/report.html");
  EXPECT_EQ(folder.checkpoints(), place / "runs/first/checkpoints");
  EXPECT_EQ(folder.models(), place / "runs/first/models");
  EXPECT_EQ(folder.layers("best-edp"), place / "runs/first/layers/best-edp.csv");
  EXPECT_EQ(folder.hardware("best-edp"), place / "runs/first/hardware/best-edp.json");
}

TEST(RunFolder, AnEmptyFolderMayBeUsed) {
  const TemporaryFolder place;
  EXPECT_NO_THROW(RunFolder(place.path(), OpenMode::kCreate));
}

TEST(RunFolder, WhatARunLeavesThatDiesBeforeItsFirstFileMayBeUsed) {
  const TemporaryFolder place;
  RunFolder(place / "run", OpenMode::kCreate);
  EXPECT_NO_THROW(RunFolder(place / "run", OpenMode::kCreate));
  std::ofstream(place / "run/models/01.gibbon") << "a model";
  EXPECT_THAT([&] { RunFolder(place / "run", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(HasSubstr("--resume to continue it")));
  std::filesystem::remove(place / "run/models/01.gibbon");
  std::ofstream(place / "run/notes.txt") << "the user's";
  EXPECT_THAT([&] { RunFolder(place / "run", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(HasSubstr("--resume to continue it")));
}

TEST(RunFolder, ARunBeginsWithItsConfiguration) {
  const TemporaryFolder place;
  RunFolder(place / "run", OpenMode::kCreate).open_store()->put({{"run", base::Json("first")}});
  // Killed here: the next one may have the folder, and its store.
  const RunFolder folder(place / "run", OpenMode::kCreate);
  folder.open_store()->put({{"run", base::Json("second")}});
  EXPECT_EQ(folder.open_store()->get("run"), base::Json("second"));
  std::ofstream(folder.config()) << "name: second\n";
  EXPECT_THAT([&] { RunFolder(place / "run", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(HasSubstr("--resume to continue it")));
}

TEST(RunFolder, AFolderInUseSaysHowToGoOn) {
  const TemporaryFolder place;
  std::ofstream(place / "something") << "x";
  EXPECT_THAT([&] { RunFolder(place.path(), OpenMode::kCreate); },
              ThrowsMessage<base::Error>(place.path().string() +
                                         " exists; --resume to continue it or choose another "
                                         "--out"));
  EXPECT_THAT([&] { RunFolder(place / "something", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(
                  HasSubstr("something is a file, not a run folder; choose another --out")));
  EXPECT_THAT([&] { RunFolder("/proc/run", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(HasSubstr("cannot create run folder /proc/run: ")));
}

TEST(RunFolder, ResumeAndReadNeedARun) {
  const TemporaryFolder place;
  for (const OpenMode mode : {OpenMode::kResume, OpenMode::kReadOnly}) {
    EXPECT_THAT([&] { RunFolder(place / "none", mode); },
                ThrowsMessage<base::Error>(HasSubstr("none does not exist")));
    EXPECT_THAT([&] { RunFolder(place.path(), mode); },
                ThrowsMessage<base::Error>(HasSubstr("is not a run folder: it holds no run.db")));
  }
  RunFolder(place / "run", OpenMode::kCreate).open_store()->append(sample(1));
  RunFolder(place / "run", OpenMode::kResume).open_store()->append(sample(2));
  const auto store = RunFolder(place / "run", OpenMode::kReadOnly).open_store();
  EXPECT_EQ(store->evaluations().size(), 2u);
}

TEST(RunFolder, AnIdCannotLeaveTheFolder) {
  const TemporaryFolder place;
  const RunFolder folder(place / "run", OpenMode::kCreate);
  for (const char* id : {"", ".", "..", "../run", "a/b"}) {
    EXPECT_THAT([&] { folder.layers(id); },
                ThrowsMessage<base::Error>(HasSubstr("cannot name a file")));
    EXPECT_THAT([&] { folder.hardware(id); },
                ThrowsMessage<base::Error>(HasSubstr("cannot name a file")));
  }
}

}  // namespace
}  // namespace gibbon::store
