#pragma once

#include <filesystem>
#include <string>

namespace gibbon::data {

/// The MD5 of a file's content (RFC 1321) in 32 lower-case hexadecimal digits: what publishers of
/// datasets give to tell a whole download from a damaged one. No protection against forgery.
/// Throws base::Error if the file cannot be read.
std::string md5_of_file(const std::filesystem::path& path);

}  // namespace gibbon::data
