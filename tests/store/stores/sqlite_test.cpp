#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/store/run_store.hpp"
#include "store/samples.hpp"

namespace gibbon::store {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

class SqliteStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<RunStore> open(OpenMode mode) const { return open_sqlite_store(file_, mode); }

  void run_sql(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "run.db";
};

TEST_F(SqliteStoreTest, KeepsEverythingAcrossReopening) {
  {
    const auto store = open(OpenMode::kCreate);
    for (int i = 0; i < 3; ++i) store->append(sample(i));
    store->put({{"state", {{"generation", 3}}}});
  }
  {
    const auto store = open(OpenMode::kResume);
    store->append(sample(3));
  }
  const auto store = open(OpenMode::kReadOnly);
  const std::vector<StoredEvaluation> stored = store->evaluations();
  ASSERT_EQ(stored.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(stored[static_cast<std::size_t>(i)].key, sample(i).key);
    EXPECT_EQ(stored[static_cast<std::size_t>(i)].evaluation.metrics, sample(i).evaluation.metrics);
  }
  EXPECT_EQ(store->get("state").value().dump(), R"({"generation":3})");
}

TEST_F(SqliteStoreTest, ColumnsCarryTheNamesOfTheMetricsWithTheirUnits) {
  {
    const auto store = open(OpenMode::kCreate);
    store->append(sample(4));
  }
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
  for (std::size_t i = 0; i < space::kMetricCount; ++i) {
    const std::string column(space::metric_key(static_cast<space::Metric>(i)));
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT " + column + " FROM evaluations";
    ASSERT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << column;
    ASSERT_EQ(sqlite3_step(statement), SQLITE_ROW);
    EXPECT_EQ(sqlite3_column_double(statement, 0), sample(4).evaluation.metrics.values[i]);
    sqlite3_finalize(statement);
  }
  sqlite3_close(database);
}

TEST_F(SqliteStoreTest, CreateRefusesAnExistingFileAndResumeAMissingOne) {
  const auto message = [&](const char* end) {
    return ThrowsMessage<base::Error>(AllOf(StartsWith(file_.string()), EndsWith(end)));
  };
  EXPECT_THAT([&] { open(OpenMode::kResume); },
              message("no such file, so there is no run to resume"));
  EXPECT_THAT([&] { open(OpenMode::kReadOnly); },
              message("no such file, so there is no run to read"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run.db.lock"));
  open(OpenMode::kCreate);
  EXPECT_THAT([&] { open(OpenMode::kCreate); },
              message("exists already; a new run does not overwrite it"));
}

TEST_F(SqliteStoreTest, ASecondWriterIsRefusedAndReadersAreNot) {
  auto writer = open(OpenMode::kCreate);
  writer->append(sample(0));
  const std::string refusal = "run folder " + folder_.path().string() +
                              " is in use by another process (pid " + std::to_string(getpid()) +
                              ")";
  EXPECT_THAT([&] { open(OpenMode::kResume); }, ThrowsMessage<base::Error>(refusal));
  {
    const auto reader = open(OpenMode::kReadOnly);
    EXPECT_EQ(reader->evaluations().size(), 1u);
    writer->append(sample(1));
    EXPECT_EQ(reader->evaluations().size(), 2u);
    EXPECT_THAT([&] { reader->append(sample(2)); },
                ThrowsMessage<base::Error>(file_.string() + ": opened for reading only"));
    EXPECT_THAT(
        [&] {
          reader->put({{"a", 1}});
        },
        ThrowsMessage<base::Error>(file_.string() + ": opened for reading only"));
  }
  writer.reset();
  EXPECT_NO_THROW(open(OpenMode::kResume));
}

TEST_F(SqliteStoreTest, AFileOfSomethingElseIsRefusedAndLeftAlone) {
  const std::string text(5000, 'x');
  std::ofstream(file_) << text;
  for (const OpenMode mode : {OpenMode::kResume, OpenMode::kReadOnly}) {
    EXPECT_THAT([&] { open(mode); },
                ThrowsMessage<base::Error>(file_.string() + ": not a database"));
  }
  EXPECT_EQ(base::read_file(file_), text);
}

TEST_F(SqliteStoreTest, AnotherProgramsDatabaseIsRefused) {
  run_sql("CREATE TABLE songs (name)");
  EXPECT_THAT([&] { open(OpenMode::kResume); },
              ThrowsMessage<base::Error>(HasSubstr("not the store of a gibbon run")));
}

TEST_F(SqliteStoreTest, ANewerVersionIsRefusedAndThisOneIsNot) {
  open(OpenMode::kCreate);
  EXPECT_NO_THROW(open(OpenMode::kResume));
  run_sql("PRAGMA user_version = 2");
  EXPECT_THAT([&] { open(OpenMode::kResume); },
              ThrowsMessage<base::Error>(HasSubstr(
                  "written by a newer gibbon (store version 2; this program knows up to 1)")));
}

TEST_F(SqliteStoreTest, AnEmptyFileCanBeResumedButNotRead) {
  std::ofstream(file_).close();
  EXPECT_THAT([&] { open(OpenMode::kReadOnly); },
              ThrowsMessage<base::Error>(file_.string() + ": holds no run yet"));
  open(OpenMode::kResume)->append(sample(0));
  EXPECT_EQ(open(OpenMode::kReadOnly)->evaluations().size(), 1u);
}

TEST_F(SqliteStoreTest, AFolderThatCannotBeWrittenIsNamedWithTheReason) {
  // Not even the superuser can make a file in /proc or in a folder that is missing.
  EXPECT_THAT([] { open_sqlite_store("/proc/run.db", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(HasSubstr("cannot write to /proc/run.db.lock: ")));
  EXPECT_THAT([&] { open_sqlite_store(folder_ / "missing/run.db", OpenMode::kCreate); },
              ThrowsMessage<base::Error>(EndsWith("run.db.lock: No such file or directory")));
}

/// Lets every new connection have at most 40 pages, as a full disk would.
int limit_pages(sqlite3* database, char**, const void*) {
  return sqlite3_exec(database, "PRAGMA max_page_count = 40", nullptr, nullptr, nullptr);
}

TEST_F(SqliteStoreTest, AFullDiskStopsTheAppendAndKeepsWhatWasThere) {
  open(OpenMode::kCreate);
  const auto entry = reinterpret_cast<void (*)()>(limit_pages);
  sqlite3_auto_extension(entry);
  const auto store = open(OpenMode::kResume);
  sqlite3_cancel_auto_extension(entry);

  std::size_t kept = 0;
  StoredEvaluation large = sample(0);
  large.evaluation.infeasible = std::string(8000, 'r');
  const auto fill = [&] {
    for (; kept < 1000; ++kept) store->append(large);
  };
  EXPECT_THAT(fill,
              ThrowsMessage<base::Error>(file_.string() + ": no space left (disk or quota full)"));
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, 100u);
  EXPECT_EQ(store->evaluations().size(), kept);

  const base::Json bulk = std::string(100000, 'd');
  EXPECT_THAT(([&] {
                store->put({{"small", 1}, {"bulk", bulk}});
              }),
              ThrowsMessage<base::Error>(HasSubstr("no space left")));
  EXPECT_FALSE(store->get("small").has_value());
}

TEST_F(SqliteStoreTest, AFileSizeLimitStopsTheAppendAndKeepsWhatWasThere) {
  open(OpenMode::kCreate);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {65536, 65536};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto store = open(OpenMode::kResume);
    std::size_t kept = 0;
    StoredEvaluation large = sample(0);
    large.evaluation.infeasible = std::string(3000, 'r');
    try {
      for (; kept < 1000; ++kept) store->append(large);
    } catch (const base::Error& error) {
      const std::string message = error.what();
      const bool named = message.starts_with(file_.string() + ": disk I/O error while writing") ||
                         message == file_.string() + ": no space left (disk or quota full)";
      _exit(named && store->evaluations().size() == kept ? 0 : 1);
    }
    _exit(2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GT(open(OpenMode::kResume)->evaluations().size(), 5u);
}

class KilledWriter : public SqliteStoreTest, public ::testing::WithParamInterface<int> {};

/// Appends for ever and reports each append that has returned with one byte.
[[noreturn]] void append_for_ever(const std::filesystem::path& file, int pipe) {
  const auto store = open_sqlite_store(file, OpenMode::kCreate);
  for (int i = 0;; ++i) {
    store->append(sample(i));
    if (write(pipe, "+", 1) != 1) _exit(1);
  }
}

TEST_P(KilledWriter, LosesNothingThatItReported) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) append_for_ever(file_, ends[1]);
  close(ends[1]);

  base::Rng rng(static_cast<std::uint64_t>(GetParam()));
  char byte = 0;
  std::size_t reported = 0;
  for (const std::size_t wait = 1 + rng.below(20); reported < wait; ++reported) {
    ASSERT_EQ(read(ends[0], &byte, 1), 1);
  }
  usleep(static_cast<useconds_t>(rng.below(3000)));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  while (read(ends[0], &byte, 1) == 1) ++reported;
  close(ends[0]);

  const auto store = open(OpenMode::kResume);  // the dead process holds no lock
  const std::vector<StoredEvaluation> stored = store->evaluations();
  // It may have died between the commit and the report.
  EXPECT_GE(stored.size(), reported);
  EXPECT_LE(stored.size(), reported + 1);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].key, sample(static_cast<int>(i)).key);
    EXPECT_EQ(stored[i].evaluation.metrics, sample(static_cast<int>(i)).evaluation.metrics);
  }
  store->append(sample(1000));
}

INSTANTIATE_TEST_SUITE_P(Seeds, KilledWriter, ::testing::Range(0, 6));

}  // namespace
}  // namespace gibbon::store
