#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gibbon::base {

/// The whole content of a file. Throws Error naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// Replaces a file in one step (written beside it, synchronised, renamed), so that a reader or a
/// crash sees the old content or the new one, never half. Throws Error with the system's reason
/// ("No space left on device"); the old file is untouched then.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace gibbon::base
