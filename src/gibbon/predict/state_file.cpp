#include "gibbon/predict/state_file.hpp"

#include <fmt/core.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/hash.hpp"
#include "gibbon/predict/encoding.hpp"

namespace gibbon::predict {
namespace {

constexpr const char* kFormat = "gibbon-predictor";
constexpr int kVersion = 4;  // 1 without asinh, 2 without the noise trend, 3 its index not learned
constexpr std::size_t kDigits = 8;

std::string space_key(const space::SearchSpace& space) {
  return fmt::format("{:016x}", fingerprint(space));
}

std::string checksum(const base::Json& state) {
  return fmt::format("{:016x}", base::hash_of(state.dump()));
}

}  // namespace

void throw_damaged(const std::filesystem::path& path, std::string_view why) {
  throw base::Error(fmt::format("{}: not a usable predictor file: {}", path.string(), why));
}

void write_state(const std::filesystem::path& path, const StateOwner& owner,
                 const base::Json& state) {
  const base::Json file = {{"format", kFormat},
                           {"version", kVersion},
                           {"predictor", owner.predictor},
                           {"space", space_key(owner.space)},
                           {"checksum", checksum(state)},
                           {"state", state}};
  base::write_file_atomically(path, file.dump());
}

base::Json read_state(const std::filesystem::path& path, const StateOwner& owner) {
  const std::string content = base::read_file(path);
  return with_json_errors_named(path, [&] {
    base::Json file = base::Json::parse(content);
    if (file.at("format") != kFormat) throw_damaged(path, "its format is another");
    if (file.at("version") != kVersion) {
      throw_damaged(path, fmt::format("its version is {}, this program reads {}",
                                      file.at("version").dump(), kVersion));
    }
    if (file.at("predictor") != owner.predictor) {
      throw_damaged(path, fmt::format("it holds the predictor {}, not \"{}\"",
                                      file.at("predictor").dump(), owner.predictor));
    }
    if (file.at("space") != space_key(owner.space)) {
      throw_damaged(path, "it was made for another search space");
    }
    if (file.at("checksum") != checksum(file.at("state"))) {
      throw_damaged(path, "its checksum does not match");
    }
    return base::Json(std::move(file.at("state")));
  });
}

std::string to_hex(std::span<const float> numbers) {
  constexpr const char* kHex = "0123456789abcdef";
  std::string text;
  text.reserve(numbers.size() * kDigits);
  for (const float number : numbers) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    for (int shift = 28; shift >= 0; shift -= 4) text += kHex[(bits >> shift) & 15U];
  }
  return text;
}

std::vector<float> floats_from_hex(const std::filesystem::path& path, std::string_view text,
                                   std::size_t count) {
  if (text.size() != count * kDigits) {
    throw_damaged(path,
                  fmt::format("{} digits of weights instead of {}", text.size(), count * kDigits));
  }
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* begin = text.data() + i * kDigits;
    std::uint32_t bits = 0;
    const auto [end, error] = std::from_chars(begin, begin + kDigits, bits, 16);
    numbers[i] = std::bit_cast<float>(bits);
    if (error != std::errc() || end != begin + kDigits || !std::isfinite(numbers[i])) {
      throw_damaged(path, fmt::format("weight {} is not a number", i));
    }
  }
  return numbers;
}

void check_same(const std::filesystem::path& path, const base::Json& state, const char* key,
                const base::Json& value) {
  if (state.at(key) == value) return;
  throw_damaged(path, fmt::format("its {} is {}, not {}", key, state.at(key).dump(), value.dump()));
}

}  // namespace gibbon::predict
