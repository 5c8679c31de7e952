#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gibbon::base {

/// Whether these bytes are UTF-8, without overlong forms and surrogates.
bool is_utf8(std::string_view bytes);

/// read_file() of a text. Throws Error with the line where it is not UTF-8.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace gibbon::base
