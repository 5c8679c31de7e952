#include <algorithm>
#include <cmath>

#include "gibbon/data/image_file.hpp"

namespace gibbon::data {

namespace {

/// The source positions that make up one target position, from `first` on; weights sum to 1.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

Taps area_taps(int target, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double begin = target * scale;
  const double end = std::min<double>(from, begin + scale);
  Taps taps;
  taps.first = static_cast<int>(begin);
  for (int source = taps.first; source < from && source < end; ++source) {
    const double covered = std::min<double>(end, source + 1) - std::max<double>(begin, source);
    taps.weights.push_back(static_cast<float>(covered / scale));
  }
  return taps;
}

Taps linear_taps(int target, int from, int to) {
  const double centre = (target + 0.5) * from / to - 0.5;
  const double clamped = std::clamp<double>(centre, 0.0, from - 1);
  const int first = std::min(static_cast<int>(clamped), std::max(from - 2, 0));
  const auto fraction = static_cast<float>(clamped - first);
  if (from == 1) return {0, {1.0f}};
  return {first, {1.0f - fraction, fraction}};
}

std::vector<Taps> axis_taps(int from, int to) {
  std::vector<Taps> taps;
  for (int target = 0; target < to; ++target) {
    taps.push_back(to < from ? area_taps(target, from, to) : linear_taps(target, from, to));
  }
  return taps;
}

/// [outer, from, inner] to [outer, taps, inner].
std::vector<float> resample(const std::vector<float>& source, std::size_t outer, int from,
                            std::size_t inner, const std::vector<Taps>& taps) {
  std::vector<float> target(outer * taps.size() * inner, 0.0f);
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t t = 0; t < taps.size(); ++t) {
      float* out = target.data() + (o * taps.size() + t) * inner;
      for (std::size_t w = 0; w < taps[t].weights.size(); ++w) {
        const float weight = taps[t].weights[w];
        const std::size_t at = o * static_cast<std::size_t>(from) + taps[t].first + w;
        const float* in = source.data() + at * inner;
        for (std::size_t i = 0; i < inner; ++i) out[i] += weight * in[i];
      }
    }
  }
  return target;
}

}  // namespace

Picture resized(const Picture& picture, int height, int width) {
  if (height == picture.height && width == picture.width) return picture;
  const auto channels = static_cast<std::size_t>(picture.channels);
  std::vector<float> values(picture.pixels.begin(), picture.pixels.end());
  values = resample(values, 1, picture.height, picture.width * channels,
                    axis_taps(picture.height, height));
  values = resample(values, static_cast<std::size_t>(height), picture.width, channels,
                    axis_taps(picture.width, width));
  Picture result{height, width, picture.channels, {}};
  result.pixels.reserve(values.size());
  for (const float value : values) {
    result.pixels.push_back(
        static_cast<std::uint8_t>(std::clamp(std::floor(value + 0.5f), 0.0f, 255.0f)));
  }
  return result;
}

}  // namespace gibbon::data
