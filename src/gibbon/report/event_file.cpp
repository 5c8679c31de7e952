#include "gibbon/report/event_file.hpp"

#include <fmt/format.h>

#include <bit>
#include <boost/crc.hpp>
#include <chrono>
#include <system_error>

#include "gibbon/base/error.hpp"

namespace gibbon::report {

namespace {

using Castagnoli = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

template <typename Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  }
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

/// The fields of a protocol buffer message (protobuf.dev, "Encoding").
enum class WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string key(int field, WireType type) {
  return varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(type));
}

std::string bytes_field(int field, std::string_view bytes) {
  return key(field, WireType::kBytes) + varint(bytes.size()) + std::string(bytes);
}

double seconds_since_epoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::string wall_time() {
  return key(1, WireType::kFixed64) +
         little_endian(std::bit_cast<std::uint64_t>(seconds_since_epoch()));
}

std::filesystem::path unused_name(const std::filesystem::path& folder) {
  const auto seconds = static_cast<std::int64_t>(seconds_since_epoch());
  for (int number = 0;; ++number) {
    const auto path = folder / fmt::format("events.out.tfevents.{}.gibbon.{}", seconds, number);
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  Castagnoli crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(static_cast<std::uint32_t>(crc.checksum()), 15) + 0xA282EAD8u;
}

EventFile::EventFile(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  path_ = unused_name(folder);
  stream_.open(path_, std::ios::binary);
  if (!stream_) throw base::Error(fmt::format("{}: cannot be written", path_.string()));
  write(wall_time() + bytes_field(3, "brain.Event:2"));
}

void EventFile::scalar(std::string_view tag, std::int64_t step, double value) {
  const std::string summary_value =
      bytes_field(1, tag) + key(2, WireType::kFixed32) +
      little_endian(std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  write(wall_time() + key(2, WireType::kVarint) + varint(static_cast<std::uint64_t>(step)) +
        bytes_field(5, bytes_field(1, summary_value)));
}

void EventFile::write(const std::string& event) {
  const std::string length = little_endian(static_cast<std::uint64_t>(event.size()));
  stream_ << length << little_endian(masked_crc32c(length)) << event
          << little_endian(masked_crc32c(event));
  stream_.flush();
  if (!stream_) throw base::Error(fmt::format("{}: cannot be written", path_.string()));
}

}  // namespace gibbon::report
