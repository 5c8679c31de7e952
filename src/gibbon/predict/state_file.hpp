#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// Whose state a file holds.
struct StateOwner {
  std::string_view predictor;
  const space::SearchSpace& space;
};

/// Writes {"format", "version", "predictor", "space", "checksum", "state"} in one step. JSON.
void write_state(const std::filesystem::path& path, const StateOwner& owner,
                 const base::Json& state);

/// The "state" of a file that write_state made for the same owner. Throws base::Error naming the
/// file otherwise.
base::Json read_state(const std::filesystem::path& path, const StateOwner& owner);

/// Numbers as hexadecimal digits of their bits, 8 each: exact, and the same on every machine.
std::string to_hex(std::span<const float> numbers);
/// Throws base::Error naming the file on anything but `count` such numbers, all finite.
std::vector<float> floats_from_hex(const std::filesystem::path& path, std::string_view text,
                                   std::size_t count);

[[noreturn]] void throw_damaged(const std::filesystem::path& path, std::string_view why);

/// Throws base::Error naming the file and both values unless state[key] is `value`.
void check_same(const std::filesystem::path& path, const base::Json& state, const char* key,
                const base::Json& value);

/// Calls `use`, and turns what JSON access throws there into a base::Error naming the file.
template <typename Use>
auto with_json_errors_named(const std::filesystem::path& path, Use&& use) -> decltype(use()) {
  try {
    return use();
  } catch (const base::Json::exception& error) {
    throw_damaged(path, error.what());
  }
}

}  // namespace gibbon::predict
