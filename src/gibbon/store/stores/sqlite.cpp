#include <fmt/format.h>

#include <mutex>

#include "gibbon/base/error.hpp"
#include "gibbon/store/run_store.hpp"
#include "gibbon/store/stores/document_text.hpp"
#include "gibbon/store/stores/sqlite_database.hpp"
#include "gibbon/store/stores/write_lock.hpp"

namespace gibbon::store {
namespace {

constexpr int kApplicationId = 0x4749424f;  // "GIBO" in the file's header
constexpr int kSchemaVersion = 1;

constexpr const char* kSchema = R"sql(
CREATE TABLE evaluations (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  genome TEXT NOT NULL,
  accuracy_top1 REAL,
  latency_ms REAL,
  energy_mj REAL,
  edp_ms_mj REAL,
  area_mm2 REAL,
  power_w REAL,
  one_shot_accuracy_top1 REAL,
  has_prediction INTEGER NOT NULL,
  predicted_accuracy_top1 REAL,
  predicted_latency_ms REAL,
  predicted_energy_mj REAL,
  predicted_edp_ms_mj REAL,
  predicted_area_mm2 REAL,
  predicted_power_w REAL,
  infeasible TEXT NOT NULL,
  iteration INTEGER NOT NULL
);
CREATE INDEX evaluations_by_key ON evaluations (key);
CREATE TABLE documents (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
)sql";

constexpr const char* kColumnNames =
    "key, genome, accuracy_top1, latency_ms, energy_mj, edp_ms_mj, area_mm2, power_w, "
    "one_shot_accuracy_top1, has_prediction, predicted_accuracy_top1, predicted_latency_ms, "
    "predicted_energy_mj, predicted_edp_ms_mj, predicted_area_mm2, predicted_power_w, "
    "infeasible, iteration";
/// Positions in kColumnNames; the parameter of the insertion is one more.
enum Column {
  kKey = 0,
  kGenome = 1,
  kMetrics = 2,
  kOneShot = 8,
  kHasPrediction = 9,
  kPredicted = 10,
  kInfeasible = 16,
  kIteration = 17,
};
static_assert(kOneShot - kMetrics == static_cast<int>(space::kMetricCount));

std::string select_sql(std::string_view rest) {
  return fmt::format("SELECT {} FROM evaluations {}", kColumnNames, rest);
}

std::string insert_sql() {
  return fmt::format(
      "INSERT INTO evaluations ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
      "?13, ?14, ?15, ?16, ?17, ?18)",
      kColumnNames);
}

void bind(SqliteStatement& insert, int column, const space::Metrics& metrics) {
  for (std::size_t i = 0; i < space::kMetricCount; ++i) {
    insert.bind(column + 1 + static_cast<int>(i), metrics.values[i]);
  }
}

space::Metrics metrics_at(const SqliteStatement& select, int column) {
  space::Metrics metrics;
  for (std::size_t i = 0; i < space::kMetricCount; ++i) {
    metrics.values[i] = select.real(column + static_cast<int>(i));
  }
  return metrics;
}

/// Commits at the end of its life unless commit() was not reached: then it rolls back.
class Transaction {
 public:
  explicit Transaction(const SqliteDatabase& database) : database_(database) {
    database_.run("BEGIN IMMEDIATE");
  }
  ~Transaction() { database_.roll_back(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() { database_.run("COMMIT"); }

 private:
  const SqliteDatabase& database_;
};

class SqliteStore final : public RunStore {
 public:
  SqliteStore(const std::filesystem::path& file, OpenMode mode)
      : file_(file.string()),
        lock_(lock_for(file, mode)),
        database_(file, mode == OpenMode::kCreate) {
    // The file may be another program's: look before touching it.
    const bool empty = is_empty();
    if (!empty) check_schema();
    if (mode == OpenMode::kReadOnly) {
      if (empty) throw base::Error(file_ + ": holds no run yet");
      database_.run("PRAGMA query_only = ON");
      return;
    }
    // EXTRA also synchronises the folder after the rollback journal is deleted, which is the moment
    // of commit: nothing committed is lost to a power failure either.
    database_.run("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA");
    if (empty) create_schema();
  }

  void append(const StoredEvaluation& stored) override {
    const std::lock_guard lock(mutex_);
    refuse_when_read_only();
    const space::Evaluation& evaluation = stored.evaluation;
    SqliteStatement insert = database_.prepare(insert_sql());
    insert.bind(kKey + 1, stored.key);
    insert.bind(kGenome + 1, space::to_text(evaluation.genome));
    bind(insert, kMetrics, evaluation.metrics);
    insert.bind(kOneShot + 1, evaluation.one_shot_accuracy);
    insert.bind(kHasPrediction + 1, evaluation.predicted ? 1 : 0);
    if (evaluation.predicted) bind(insert, kPredicted, *evaluation.predicted);
    insert.bind(kInfeasible + 1, evaluation.infeasible);
    insert.bind(kIteration + 1, evaluation.iteration);
    insert.step();
  }

  std::vector<StoredEvaluation> evaluations() const override {
    const std::lock_guard lock(mutex_);
    std::vector<StoredEvaluation> result;
    SqliteStatement select = database_.prepare(select_sql("ORDER BY id"));
    while (select.step()) result.push_back(row(select));
    return result;
  }

  std::optional<space::Evaluation> find(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    SqliteStatement select =
        database_.prepare(select_sql("WHERE key = ?1 ORDER BY id DESC LIMIT 1"));
    select.bind(1, key);
    if (!select.step()) return std::nullopt;
    return row(select).evaluation;
  }

  void put(const std::vector<std::pair<std::string, base::Json>>& documents) override {
    const std::lock_guard lock(mutex_);
    refuse_when_read_only();
    Transaction transaction(database_);
    SqliteStatement insert =
        database_.prepare("INSERT OR REPLACE INTO documents (name, content) VALUES (?1, ?2)");
    for (const auto& [name, document] : documents) {
      insert.bind(1, name);
      insert.bind(2, document_text(file_, name, document));
      insert.step();
      insert.reset();
    }
    transaction.commit();
  }

  std::optional<base::Json> get(std::string_view name) const override {
    const std::lock_guard lock(mutex_);
    SqliteStatement select = database_.prepare("SELECT content FROM documents WHERE name = ?1");
    select.bind(1, name);
    if (!select.step()) return std::nullopt;
    return document_from_text(file_, name, select.text(0));
  }

  std::vector<std::string> names(std::string_view prefix) const override {
    const std::lock_guard lock(mutex_);
    SqliteStatement select = database_.prepare(
        "SELECT name FROM documents WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name");
    select.bind(1, prefix);
    std::vector<std::string> result;
    while (select.step()) result.push_back(select.text(0));
    return result;
  }

 private:
  static std::unique_ptr<WriteLock> lock_for(const std::filesystem::path& file, OpenMode mode) {
    const bool create = mode == OpenMode::kCreate;
    if (!create && !std::filesystem::exists(file)) {
      throw base::Error(fmt::format("{}: no such file, so there is no run to {}", file.string(),
                                    mode == OpenMode::kResume ? "resume" : "read"));
    }
    if (mode == OpenMode::kReadOnly) return nullptr;
    auto lock = std::make_unique<WriteLock>(file);
    if (create && std::filesystem::exists(file)) {
      throw base::Error(
          fmt::format("{}: exists already; a new run does not overwrite it", file.string()));
    }
    return lock;
  }

  /// A process that died before its first commit leaves an empty file.
  bool is_empty() const { return database_.integer("SELECT count(*) FROM sqlite_schema") == 0; }

  void create_schema() const {
    Transaction transaction(database_);
    database_.run(kSchema);
    database_.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                              kApplicationId, kSchemaVersion));
    transaction.commit();
  }

  void check_schema() const {
    if (database_.integer("PRAGMA application_id") != kApplicationId) {
      throw base::Error(file_ + ": a database, but not the store of a gibbon run");
    }
    const int version = database_.integer("PRAGMA user_version");
    if (version > kSchemaVersion) {
      throw base::Error(
          fmt::format("{}: written by a newer gibbon (store version {}; this program knows up to "
                      "{})",
                      file_, version, kSchemaVersion));
    }
  }

  void refuse_when_read_only() const {
    if (lock_ == nullptr) throw base::Error(file_ + ": opened for reading only");
  }

  static StoredEvaluation row(const SqliteStatement& select) {
    StoredEvaluation stored;
    stored.key = select.text(kKey);
    space::Evaluation& evaluation = stored.evaluation;
    evaluation.genome = space::genome_from_text(select.text(kGenome));
    evaluation.metrics = metrics_at(select, kMetrics);
    evaluation.one_shot_accuracy = select.real(kOneShot);
    if (select.integer(kHasPrediction) != 0) {
      evaluation.predicted = metrics_at(select, kPredicted);
    }
    evaluation.infeasible = select.text(kInfeasible);
    evaluation.iteration = select.integer(kIteration);
    return stored;
  }

  std::string file_;
  std::unique_ptr<WriteLock> lock_;  // before the database: released after it is closed
  SqliteDatabase database_;
  mutable std::mutex mutex_;
};

}  // namespace

std::unique_ptr<RunStore> open_sqlite_store(const std::filesystem::path& file, OpenMode mode) {
  return std::make_unique<SqliteStore>(file, mode);
}

}  // namespace gibbon::store
