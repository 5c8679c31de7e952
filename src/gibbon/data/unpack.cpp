#include "gibbon/data/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "gibbon/base/error.hpp"
#include "gibbon/data/output_file.hpp"

namespace gibbon::data {

namespace {

namespace fs = std::filesystem;

using Reader = std::unique_ptr<struct archive, decltype(&archive_read_free)>;

[[noreturn]] void fail_damaged(const fs::path& path, const Reader& reader) {
  const char* reason = archive_error_string(reader.get());
  throw base::Error(fmt::format("{}: not a whole tar archive: {}", path.string(),
                                reason != nullptr ? reason : "damaged"));
}

/// Where an entry belongs below the folder.
fs::path safe_path(const fs::path& archive, archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  const fs::path path = name != nullptr ? fs::path(name) : fs::path();
  bool safe = !path.empty() && path.is_relative();
  for (const fs::path& part : path) safe = safe && part != "..";
  if (safe) return path;
  throw base::Error(fmt::format("{}: holds \"{}\", which leads out of the folder; not unpacked",
                                archive.string(), path.string()));
}

void unpack_file(const fs::path& archive, const Reader& reader, const fs::path& target,
                 std::vector<char>& buffer) {
  make_folder(target.parent_path());
  OutputFile file(target, OutputFile::Mode::kReplace);
  while (true) {
    const la_ssize_t count = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (count < 0) fail_damaged(archive, reader);
    if (count == 0) return;
    file.write({buffer.data(), static_cast<std::size_t>(count)});
  }
}

}  // namespace

void unpack(const fs::path& archive, const fs::path& folder) {
  const Reader reader(archive_read_new(), &archive_read_free);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  std::vector<char> buffer(std::size_t{1} << 18);
  if (archive_read_open_filename(reader.get(), archive.c_str(), buffer.size()) != ARCHIVE_OK) {
    fail_damaged(archive, reader);
  }
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const fs::path path = safe_path(archive, entry);
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      make_folder(folder / path);
      continue;
    }
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) {
      throw base::Error(fmt::format("{}: holds \"{}\", which is neither a file nor a folder",
                                    archive.string(), path.string()));
    }
    unpack_file(archive, reader, folder / path, buffer);
  }
  if (status != ARCHIVE_EOF) fail_damaged(archive, reader);
}

}  // namespace gibbon::data
