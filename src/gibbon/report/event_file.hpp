#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace gibbon::report {

/// A file of curves that TensorBoard reads: scalars by tag over steps. Records as TensorFlow frames
/// them (lib/io/record_writer.h: length, its masked CRC-32C, data, its masked CRC-32C, little
/// endian), each an Event with a Summary (util/event.proto, framework/summary.proto). What is
/// written is on disk after each scalar; a killed program loses at most a last record, which
/// TensorBoard leaves out. Not thread-safe.
class EventFile {
 public:
  /// Begins a new file in `folder`, which is made; several files there are one set of curves to
  /// TensorBoard. Throws base::Error naming the path if it cannot be written.
  explicit EventFile(const std::filesystem::path& folder);

  /// Throws base::Error naming the path if the disk is full.
  void scalar(std::string_view tag, std::int64_t step, double value);

  const std::filesystem::path& path() const { return path_; }

 private:
  void write(const std::string& event);

  std::filesystem::path path_;
  std::ofstream stream_;
};

/// CRC-32C (Castagnoli, RFC 3720 B.4) of the bytes, rotated and shifted as the records hold it.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace gibbon::report
