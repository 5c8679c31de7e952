#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace gibbon::data {

/// Reads a file that may be gzipped (told by its first two bytes, not by its name) from the front.
/// Throws base::Error naming the file if it cannot be opened or its gzip data is damaged (bad code,
/// bad check sum). Not safe to share between threads.
class GzipReader {
 public:
  explicit GzipReader(const std::filesystem::path& path);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Up to `count` bytes more, unpacked; fewer only at the end. Memory grows with what the file
  /// really holds, so that a damaged length cannot ask for more.
  std::string read(std::size_t count);
  /// After the end was reached: whether the gzip data stopped before its trailer.
  bool ended_early() const;

 private:
  std::filesystem::path path_;
  void* file_ = nullptr;
};

}  // namespace gibbon::data
