#include "gibbon/space/genome.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"

namespace gibbon::space {

namespace {

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

}  // namespace

std::string to_text(const Genome& genome) {
  std::string text;
  text.reserve(genome.size());
  for (const std::uint8_t choice : genome) {
    if (choice >= kDigits.size()) {
      throw base::Error(fmt::format("choice {} of a genome has no base-36 digit", choice));
    }
    text += kDigits[choice];
  }
  return text;
}

Genome genome_from_text(std::string_view text) {
  Genome genome;
  genome.reserve(text.size());
  for (const char letter : text) {
    const std::size_t digit = kDigits.find(letter);
    if (digit == std::string_view::npos) {
      throw base::Error(
          fmt::format("genome '{}': '{}' is not one of the digits 0-9, a-z", text, letter));
    }
    genome.push_back(static_cast<std::uint8_t>(digit));
  }
  return genome;
}

}  // namespace gibbon::space
