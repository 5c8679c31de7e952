#pragma once

#include <filesystem>

namespace gibbon::data {

/// Unpacks a tar archive, compressed in any way that libarchive knows, into an existing folder.
/// Only plain files and folders with relative names without ".." are unpacked; owners, times and
/// modes are not kept. Throws base::Error naming the archive for anything else in it and for
/// damage, and naming the file for one that cannot be written; what was unpacked before stays.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder);

}  // namespace gibbon::data
