#include "gibbon/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::base {

namespace {

bool is_between(unsigned char byte, unsigned char least, unsigned char most) {
  return byte >= least && byte <= most;
}

/// Bytes of the character that `rest` begins with (Unicode 15, table 3-7); 0 where it is none.
std::size_t character_length(std::string_view rest) {
  const auto byte = [&](std::size_t i) {
    return i < rest.size() ? static_cast<unsigned char>(rest[i]) : static_cast<unsigned char>(0);
  };
  const auto follow = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) {
      if (!is_between(byte(i), 0x80, 0xBF)) return false;
    }
    return true;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (is_between(lead, 0xC2, 0xDF)) return follow(1, 1) ? 2 : 0;
  if (is_between(lead, 0xE0, 0xEF)) {
    const unsigned char least = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char most = lead == 0xED ? 0x9F : 0xBF;
    return is_between(byte(1), least, most) && follow(2, 2) ? 3 : 0;
  }
  if (is_between(lead, 0xF0, 0xF4)) {
    const unsigned char least = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = lead == 0xF4 ? 0x8F : 0xBF;
    return is_between(byte(1), least, most) && follow(2, 3) ? 4 : 0;
  }
  return 0;
}

/// Where the first byte stands that is not UTF-8; the end if there is none.
std::size_t utf8_until(std::string_view bytes) {
  std::size_t position = 0;
  while (position < bytes.size()) {
    const std::size_t length = character_length(bytes.substr(position));
    if (length == 0) return position;
    position += length;
  }
  return position;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  return utf8_until(bytes) == bytes.size();
}

std::string read_text_file(const std::filesystem::path& path) {
  std::string text = read_file(path);
  const std::size_t good = utf8_until(text);
  if (good == text.size()) return text;
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(good), '\n');
  throw Error(fmt::format("{}:{}: byte 0x{:02x} is not UTF-8; save the file in that encoding",
                          path.string(), line, static_cast<unsigned char>(text[good])));
}

}  // namespace gibbon::base
