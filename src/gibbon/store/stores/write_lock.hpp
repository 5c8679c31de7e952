#pragma once

#include <filesystem>

namespace gibbon::store {

/// The right to write to a run, held by one process: an advisory lock (flock) on FILE.lock, which
/// the system gives back when the process ends, however it ends. The file stays; it holds the
/// process number of the last writer.
class WriteLock {
 public:
  /// Throws base::Error where another holds the lock (naming the folder and the process) or where
  /// the lock file cannot be made.
  explicit WriteLock(const std::filesystem::path& file);
  ~WriteLock();
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace gibbon::store
