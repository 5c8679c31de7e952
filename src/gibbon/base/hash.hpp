#pragma once

#include <cstdint>
#include <string_view>

namespace gibbon::base {

/// FNV-1a, 64 bits: the same on every machine, for cache keys and for naming random streams.
/// Not for anything that an adversary chooses.
constexpr std::uint64_t hash_of(std::string_view bytes,
                                std::uint64_t start = 0xcbf29ce484222325ULL) {
  std::uint64_t hash = start;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace gibbon::base
