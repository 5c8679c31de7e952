#include "gibbon/sim/nonideal/device_planes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "gibbon/base/error.hpp"

namespace gibbon::sim {

namespace {

/// A normal draw can be far out; a resistance stays above this part of its nominal value.
constexpr double kSmallestResistanceRatio = 0.01;

/// Reads of one device. `unit`: the product of conductance and resistance at which the lowest
/// resistance reads as the largest digit.
struct Reader {
  const hw::Device& device;
  double largest_digit;
  double unit;

  double resistance(int level) const {
    return device.resistance_ohm[static_cast<std::size_t>(level)];
  }
  double read(int level, base::Rng& rng) const {
    const double nominal = resistance(level);
    if (device.variation_percent == 0.0) return unit / nominal;
    const double varied = nominal * (1 + device.variation_percent / 100 * rng.normal());
    return unit / std::max(varied, kSmallestResistanceRatio * nominal);
  }
};

/// MNSIM's way: one draw a level for the whole plane; negative digits match no level. The
/// replacements follow each other on the same values.
void vary_plane(const Reader& reader, std::vector<float>& values, base::Rng& rng) {
  for (int level = 0; level < reader.device.levels; ++level) {
    const auto read = static_cast<float>(reader.read(level, rng));
    std::replace(values.begin(), values.end(), static_cast<float>(level), read);
  }
}

void vary_cells(const Reader& reader, std::vector<float>& values, base::Rng& rng) {
  for (float& value : values) {
    const auto read = static_cast<float>(reader.read(std::abs(static_cast<int>(value)), rng));
    value = value < 0 ? -read : read;
  }
}

void stick_cells(const Reader& reader, std::span<const int> digits, DeviceModel model,
                 std::vector<float>& values, base::Rng& rng) {
  const double high = reader.device.stuck_at_high_percent / 100;
  const double low = reader.device.stuck_at_low_percent / 100;
  if (high == 0.0 && low == 0.0) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double draw = rng.uniform();
    const bool keeps_sign = model == DeviceModel::kPerCell && digits[i] < 0;
    if (draw < high) values[i] = 0;
    if (draw > 1 - low) {
      values[i] = static_cast<float>(keeps_sign ? -reader.largest_digit : reader.largest_digit);
    }
  }
}

}  // namespace

DeviceStreams DeviceStreams::forked(std::uint64_t seed, const std::string& plane,
                                    std::uint64_t index) {
  return {base::Rng::forked(seed, plane + "/variation", index),
          base::Rng::forked(seed, plane + "/stuck", index)};
}

std::vector<float> device_plane(std::span<const int> digits, const hw::Device& device,
                                DeviceModel model, DeviceStreams streams) {
  if (device.resistance_ohm.size() != static_cast<std::size_t>(device.levels)) {
    throw base::Error(
        fmt::format("device.resistance_ohm has {} values, its {} levels need one each",
                    device.resistance_ohm.size(), device.levels));
  }
  const double largest_digit = (1 << device.bits()) - 1;
  const Reader reader{device, largest_digit, largest_digit * device.resistance_ohm.back()};
  std::vector<float> values(digits.begin(), digits.end());
  if (model == DeviceModel::kPerPlane) {
    vary_plane(reader, values, streams.variation);
  } else {
    vary_cells(reader, values, streams.variation);
  }
  stick_cells(reader, digits, model, values, streams.stuck);
  return values;
}

}  // namespace gibbon::sim
