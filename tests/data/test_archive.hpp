#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gibbon::data {

struct TestEntry {
  std::string path;
  std::string content;
  unsigned type = AE_IFREG;
  std::string link;
};

/// Writes a .tar.gz with these entries, however bad their names.
inline void write_archive(const std::filesystem::path& path,
                          const std::vector<TestEntry>& entries) {
  struct archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_pax_restricted(writer);
  archive_write_open_filename(writer, path.c_str());
  for (const TestEntry& item : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.path.c_str());
    archive_entry_set_filetype(entry, item.type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(item.content.size()));
    if (!item.link.empty() && item.type == AE_IFLNK) {
      archive_entry_set_symlink(entry, item.link.c_str());
    }
    if (!item.link.empty() && item.type == AE_IFREG) {
      archive_entry_set_hardlink(entry, item.link.c_str());
    }
    archive_write_header(writer, entry);
    archive_write_data(writer, item.content.data(), item.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
}

}  // namespace gibbon::data
