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

/// Throws the Error that write_file_atomically would throw for what can be seen beforehand (no such
/// folder, no right to write in it, no file but a folder or a device), for work that ends with it.
void require_writable(const std::filesystem::path& path);

}  // namespace gibbon::base
