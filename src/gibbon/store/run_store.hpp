#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/space/evaluation.hpp"

namespace gibbon::store {

/// An evaluation with its place in the run. `key` names what was evaluated under which conditions
/// (genome, weights, images, model), so that the same work is found again.
struct StoredEvaluation {
  std::string key;
  space::Evaluation evaluation;
};

/// The memory of a run. Whatever append or put has returned from survives kill -9 at any moment.
/// One process writes; a second one that opens the same run for writing is refused; any number may
/// read meanwhile. Every method throws base::Error with the file and the reason (disk full,
/// read-only, not a database), and has then changed nothing. Safe to share between threads.
/// Doubles come back as the same bits, the infinities too; but minus zero may come back as zero,
/// and a NaN as another NaN.
class RunStore {
 public:
  virtual ~RunStore() = default;
  virtual void append(const StoredEvaluation& evaluation) = 0;
  /// In the order of append.
  virtual std::vector<StoredEvaluation> evaluations() const = 0;
  /// Of several with the same key the one appended last.
  virtual std::optional<space::Evaluation> find(std::string_view key) const = 0;
  /// Named documents (searcher state, iteration records, final designs); put replaces, and several
  /// documents put together appear together or not at all. JSON has no NaN or infinity: they are
  /// stored as null. Text that is not UTF-8 is refused.
  virtual void put(const std::vector<std::pair<std::string, base::Json>>& documents) = 0;
  virtual std::optional<base::Json> get(std::string_view name) const = 0;
  /// Names that begin with the prefix, sorted.
  virtual std::vector<std::string> names(std::string_view prefix) const = 0;
};

enum class OpenMode { kCreate, kResume, kReadOnly };
/// The SQLite store in `file`. kCreate refuses an existing file, the others a missing one. Writing
/// holds FILE.lock until the store is destroyed or the process dies.
std::unique_ptr<RunStore> open_sqlite_store(const std::filesystem::path& file, OpenMode mode);
/// The plain twin, in memory.
std::unique_ptr<RunStore> make_memory_store();

}  // namespace gibbon::store
