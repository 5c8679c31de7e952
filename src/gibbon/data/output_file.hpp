#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace gibbon::data {

/// A file being written, piece by piece. Every failure throws base::Error with the path and the
/// system's reason ("No space left on device"); what was written stays. Not safe to share.
class OutputFile {
 public:
  enum class Mode {
    kAppend,   ///< goes on after what is there
    kReplace,  ///< begins empty
  };

  OutputFile(const std::filesystem::path& path, Mode mode);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Forgets everything written so far.
  void clear();
  /// Bytes in the file.
  std::int64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// Makes a folder and those above it; nothing if it is there. Throws base::Error with the reason.
void make_folder(const std::filesystem::path& folder);

}  // namespace gibbon::data
