#include "gibbon/predict/noise_index.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "gibbon/predict/falling_curve.hpp"
#include "gibbon/sim/converter_noise.hpp"

namespace gibbon::predict {

namespace {

constexpr std::size_t kFolds = 5;
constexpr double kFirstStep = 0.5;
constexpr double kLastStep = 0.0625;
constexpr double kMost = 2;  // of a weight: bits taken by a digit's bit

struct Samples {
  std::vector<ConverterLoad> loads;
  std::vector<double> kept;
};

FallingCurve curve_over(const NoiseIndex& index, const Samples& samples) {
  std::vector<FallingCurve::Point> points;
  for (std::size_t i = 0; i < samples.loads.size(); ++i) {
    points.push_back({index.of(samples.loads[i]), samples.kept[i]});
  }
  return FallingCurve::through(std::move(points));
}

/// Sum of the distances of `asked` from the falling curve through `learnt`.
double distance(const NoiseIndex& index, const Samples& learnt, const Samples& asked) {
  const FallingCurve curve = curve_over(index, learnt);
  double sum = 0;
  for (std::size_t i = 0; i < asked.loads.size(); ++i) {
    sum += std::abs(asked.kept[i] - curve.at(index.of(asked.loads[i])));
  }
  return sum;
}

/// By steps along one weight at a time, smaller ones where none is a gain.
NoiseIndex closest_index(const Samples& samples) {
  NoiseIndex best;
  double least = distance(best, samples, samples);
  const auto try_step = [&](double NoiseIndex::*weight, double step) {
    NoiseIndex moved = best;
    moved.*weight += step;
    if (std::abs(moved.*weight) > kMost) return false;
    const double left = distance(moved, samples, samples);
    if (left >= least) return false;
    best = moved;
    least = left;
    return true;
  };
  for (double step = kFirstStep; step >= kLastStep; step /= 2) {
    bool moves = true;
    while (moves) {
      moves = false;
      for (const auto weight : {&NoiseIndex::per_dac_bit, &NoiseIndex::per_cell_bit}) {
        moves = try_step(weight, step) || try_step(weight, -step) || moves;
      }
    }
  }
  return best;
}

/// Whether indices that four fifths of the samples tell serve the others better than plain bits do.
bool serves_others(const Samples& samples) {
  double gain = 0;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    Samples learnt;
    Samples asked;
    for (std::size_t i = 0; i < samples.loads.size(); ++i) {
      Samples& part = i % kFolds == fold ? asked : learnt;
      part.loads.push_back(samples.loads[i]);
      part.kept.push_back(samples.kept[i]);
    }
    gain += distance({}, learnt, asked) - distance(closest_index(learnt), learnt, asked);
  }
  return gain > 0;
}

}  // namespace

ConverterLoad converter_load(const space::SearchSpace& space, const space::Genome& genome) {
  const auto design = space.decode(genome);
  if (!design || design->hardware.digital_cim) return {};
  const double noise = sim::converter_noise(design->network, design->hardware);
  if (noise <= 0) return {};
  return {0.5 * std::log2(noise), design->hardware.dac.bits, design->hardware.device.bits()};
}

double NoiseIndex::of(const ConverterLoad& load) const {
  return load.bits + per_dac_bit * load.dac_bits + per_cell_bit * load.cell_bits;
}

NoiseIndex NoiseIndex::fitted(std::span<const ConverterLoad> loads, std::span<const double> kept) {
  const Samples samples{{loads.begin(), loads.end()}, {kept.begin(), kept.end()}};
  return serves_others(samples) ? closest_index(samples) : NoiseIndex{};
}

base::Json to_json(const NoiseIndex& index) {
  return {{"per_dac_bit", index.per_dac_bit}, {"per_cell_bit", index.per_cell_bit}};
}

NoiseIndex noise_index_from(const base::Json& json) {
  return {json.at("per_dac_bit").get<double>(), json.at("per_cell_bit").get<double>()};
}

}  // namespace gibbon::predict
