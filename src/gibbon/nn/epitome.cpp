#include "gibbon/nn/epitome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <tuple>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {

namespace {

[[noreturn]] void refuse(const std::string& problem) {
  throw base::Error("epitome plan: " + problem);
}

void require_shapes(const ConvWeightShape& weight, const EpitomeShape& epitome) {
  if (weight.out_channels < 1 || weight.in_channels < 1 || weight.kernel < 1) {
    refuse(fmt::format("the weight's shape {}x{}x{}x{} is not positive", weight.out_channels,
                       weight.in_channels, weight.kernel, weight.kernel));
  }
  if (epitome.out_channels < 1 || epitome.in_channels < 1 || epitome.height < 1 ||
      epitome.width < 1) {
    refuse(fmt::format("the epitome's shape {}x{}x{}x{} is not positive", epitome.out_channels,
                       epitome.in_channels, epitome.height, epitome.width));
  }
  if (epitome.height < weight.kernel || epitome.width < weight.kernel) {
    refuse(fmt::format("an epitome of {}x{} has no window of {}x{}", epitome.height, epitome.width,
                       weight.kernel, weight.kernel));
  }
  if (epitome.elements() > std::numeric_limits<std::int32_t>::max()) {
    refuse(fmt::format("the epitome has {} elements, at most {} are allowed", epitome.elements(),
                       std::numeric_limits<std::int32_t>::max()));
  }
}

/// Refuses [start, start + count) outside [0, size).
void require_range(std::size_t round, const char* what, int start, int count, int size) {
  if (start >= 0 && count >= 1 && static_cast<long>(start) + count <= size) return;
  refuse(fmt::format("round {}: {} {} to {} of {}", round, what, start,
                     static_cast<long>(start) + count - 1, size));
}

void require_round(std::size_t index, const EpitomeRound& r, const ConvWeightShape& weight,
                   const EpitomeShape& epitome) {
  if (r.out_count < 1 || r.in_count < 1) {
    refuse(fmt::format("round {}: a patch of {}x{} channels is empty", index, r.out_count,
                       r.in_count));
  }
  require_range(index, "epitome output channels", r.epitome_out, r.out_count, epitome.out_channels);
  require_range(index, "epitome input channels", r.epitome_in, r.in_count, epitome.in_channels);
  require_range(index, "epitome rows", r.epitome_row, weight.kernel, epitome.height);
  require_range(index, "epitome columns", r.epitome_column, weight.kernel, epitome.width);
  require_range(index, "weight output channels", r.weight_out, r.out_count, weight.out_channels);
  require_range(index, "weight input channels", r.weight_in, r.in_count, weight.in_channels);
}

/// Every round fills whole kernels, so that pairs of channels are all there is to check.
void require_exact_cover(const ConvWeightShape& weight, const std::vector<EpitomeRound>& rounds) {
  constexpr std::size_t kUncovered = std::numeric_limits<std::size_t>::max();
  const auto in_channels = static_cast<std::size_t>(weight.in_channels);
  std::vector<std::size_t> round_of(static_cast<std::size_t>(weight.out_channels) * in_channels,
                                    kUncovered);
  for (std::size_t index = 0; index < rounds.size(); ++index) {
    const EpitomeRound& r = rounds[index];
    for (int out = r.weight_out; out < r.weight_out + r.out_count; ++out) {
      for (int in = r.weight_in; in < r.weight_in + r.in_count; ++in) {
        std::size_t& by =
            round_of[static_cast<std::size_t>(out) * in_channels + static_cast<std::size_t>(in)];
        if (by != kUncovered) {
          refuse(fmt::format("weight element [{}, {}, 0, 0] is covered by rounds {} and {}", out,
                             in, by, index));
        }
        by = index;
      }
    }
  }
  const auto missing = std::find(round_of.begin(), round_of.end(), kUncovered);
  if (missing == round_of.end()) return;
  const auto pair = static_cast<std::size_t>(missing - round_of.begin());
  refuse(fmt::format("weight element [{}, {}, 0, 0] is covered by no round", pair / in_channels,
                     pair % in_channels));
}

/// How one channel axis of a weight is cut into blocks.
struct Axis {
  int size;     ///< channels of the weight
  int epitome;  ///< channels of the epitome
  int blocks;

  Axis(int weight_channels, int epitome_channels)
      : size(weight_channels),
        epitome(epitome_channels),
        blocks((weight_channels + epitome_channels - 1) / epitome_channels) {}

  int start(int block) const { return block * (size / blocks) + std::min(block, size % blocks); }
  int length(int block) const { return start(block + 1) - start(block); }
  /// Where a block starts in the epitome: step `step` of `steps` from one end to the other.
  int offset(int block, int step, int steps) const {
    if (steps <= 1) return 0;
    return static_cast<int>(static_cast<long>(step) * (epitome - length(block)) / (steps - 1));
  }
};

EpitomeRound spread_round(const Axis& out, const Axis& in, int out_block, int in_block) {
  const bool in_follows = in.blocks == 1;
  const bool out_follows = out.blocks == 1;
  EpitomeRound round;
  round.weight_out = out.start(out_block);
  round.weight_in = in.start(in_block);
  round.out_count = out.length(out_block);
  round.in_count = in.length(in_block);
  round.epitome_out = out_follows ? out.offset(0, in_block, in.blocks)
                                  : out.offset(out_block, out_block, out.blocks);
  round.epitome_in =
      in_follows ? in.offset(0, out_block, out.blocks) : in.offset(in_block, in_block, in.blocks);
  return round;
}

/// Windows of an epitome larger than the kernel, in turn.
struct Windows {
  int across;
  int down;

  Windows(const ConvWeightShape& weight, const EpitomeShape& epitome)
      : across(epitome.width - weight.kernel + 1), down(epitome.height - weight.kernel + 1) {}
  void place(std::size_t turn, EpitomeRound& round) const {
    const long window = static_cast<long>(turn) % (static_cast<long>(across) * down);
    round.epitome_row = static_cast<int>(window / across);
    round.epitome_column = static_cast<int>(window % across);
  }
};

/// Blocks of input channels as spread_plan's, the same for every block of output channels.
EpitomePlan wrapped_plan(const ConvWeightShape& weight, const EpitomeShape& epitome) {
  const Axis in(weight.in_channels, epitome.in_channels);
  const Windows windows(weight, epitome);
  std::vector<EpitomeRound> rounds;
  for (int out = 0; out < weight.out_channels; out += epitome.out_channels) {
    for (int i = 0; i < in.blocks; ++i) {
      EpitomeRound round;
      round.weight_out = out;
      round.out_count = std::min(epitome.out_channels, weight.out_channels - out);
      round.weight_in = in.start(i);
      round.in_count = in.length(i);
      round.epitome_in = in.offset(i, i, in.blocks);
      windows.place(static_cast<std::size_t>(i), round);
      rounds.push_back(round);
    }
  }
  return EpitomePlan(weight, epitome, std::move(rounds));
}

int parse_count(std::string_view text, const std::string& whole) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    throw base::Error(fmt::format(
        "epitome rule '{}': expected ROWSxCOLUMNS, two positive whole numbers, as 1024x256",
        whole));
  }
  return value;
}

void require_size(const char* what, std::size_t got, long needed) {
  if (static_cast<long>(got) == needed) return;
  throw base::Error(fmt::format("epitome: got {} values, the {} has {}", got, what, needed));
}

}  // namespace

ConvWeightShape weight_shape(const Conv& conv) {
  return {conv.out_channels, conv.in_channels / conv.groups, conv.kernel};
}

EpitomePlan::EpitomePlan(ConvWeightShape weight, EpitomeShape epitome,
                         std::vector<EpitomeRound> rounds)
    : weight_(weight), epitome_(epitome), rounds_(std::move(rounds)) {
  require_shapes(weight_, epitome_);
  for (std::size_t i = 0; i < rounds_.size(); ++i) {
    require_round(i, rounds_[i], weight_, epitome_);
  }
  require_exact_cover(weight_, rounds_);
}

std::vector<std::size_t> EpitomePlan::computed() const {
  // Without out_count: a shorter patch from the same start is part of a longer one's outputs.
  std::map<std::tuple<int, int, int, int, int, int>, std::size_t> longest;
  for (std::size_t i = 0; i < rounds_.size(); ++i) {
    const EpitomeRound& r = rounds_[i];
    const auto [place, is_new] = longest.try_emplace(
        {r.epitome_out, r.epitome_in, r.epitome_row, r.epitome_column, r.in_count, r.weight_in}, i);
    if (!is_new && rounds_[place->second].out_count < r.out_count) place->second = i;
  }
  std::vector<std::size_t> indices;
  for (const auto& [key, index] : longest) indices.push_back(index);
  std::sort(indices.begin(), indices.end());
  return indices;
}

double EpitomePlan::compression() const {
  return static_cast<double>(weight_.elements()) / static_cast<double>(epitome_.elements());
}

std::vector<std::int32_t> EpitomePlan::sources() const {
  std::vector<std::int32_t> sources(static_cast<std::size_t>(weight_.elements()));
  const int k = weight_.kernel;
  for (const EpitomeRound& r : rounds_) {
    for (int a = 0; a < r.out_count; ++a) {
      for (int b = 0; b < r.in_count; ++b) {
        const long from =
            static_cast<long>(r.epitome_out + a) * epitome_.in_channels + r.epitome_in + b;
        const long to = static_cast<long>(r.weight_out + a) * weight_.in_channels + r.weight_in + b;
        for (int y = 0; y < k; ++y) {
          for (int x = 0; x < k; ++x) {
            sources[static_cast<std::size_t>((to * k + y) * k + x)] = static_cast<std::int32_t>(
                (from * epitome_.height + r.epitome_row + y) * epitome_.width + r.epitome_column +
                x);
          }
        }
      }
    }
  }
  return sources;
}

std::vector<std::int32_t> EpitomePlan::use_counts() const {
  std::vector<std::int32_t> counts(static_cast<std::size_t>(epitome_.elements()), 0);
  for (const std::int32_t source : sources()) ++counts[static_cast<std::size_t>(source)];
  return counts;
}

template <typename T>
std::vector<T> reconstruct(const EpitomePlan& plan, std::span<const T> epitome) {
  require_size("epitome", epitome.size(), plan.epitome().elements());
  std::vector<T> weight;
  weight.reserve(static_cast<std::size_t>(plan.weight().elements()));
  for (const std::int32_t source : plan.sources()) {
    weight.push_back(epitome[static_cast<std::size_t>(source)]);
  }
  return weight;
}

template <typename T>
std::vector<T> epitome_gradient(const EpitomePlan& plan, std::span<const T> weight_gradient) {
  require_size("weight", weight_gradient.size(), plan.weight().elements());
  std::vector<T> gradient(static_cast<std::size_t>(plan.epitome().elements()), T{0});
  std::size_t element = 0;
  for (const std::int32_t source : plan.sources()) {
    gradient[static_cast<std::size_t>(source)] += weight_gradient[element++];
  }
  return gradient;
}

template std::vector<float> reconstruct(const EpitomePlan&, std::span<const float>);
template std::vector<double> reconstruct(const EpitomePlan&, std::span<const double>);
template std::vector<float> epitome_gradient(const EpitomePlan&, std::span<const float>);
template std::vector<double> epitome_gradient(const EpitomePlan&, std::span<const double>);

std::vector<float> nearest_epitome(const EpitomePlan& plan, std::span<const float> weight) {
  const std::vector<double> values(weight.begin(), weight.end());
  const std::vector<double> sums = epitome_gradient(plan, std::span<const double>(values));
  const std::vector<std::int32_t> uses = plan.use_counts();
  std::vector<float> epitome(sums.size(), 0.0F);
  for (std::size_t e = 0; e < sums.size(); ++e) {
    if (uses[e] > 0) epitome[e] = static_cast<float>(sums[e] / uses[e]);
  }
  return epitome;
}

EpitomePlan spread_plan(ConvWeightShape weight, EpitomeShape epitome, OutputBlocks outputs) {
  require_shapes(weight, epitome);
  if (outputs == OutputBlocks::kWrapped) return wrapped_plan(weight, epitome);
  const Axis out(weight.out_channels, epitome.out_channels);
  const Axis in(weight.in_channels, epitome.in_channels);
  const Windows windows(weight, epitome);
  std::vector<EpitomeRound> rounds;
  for (int o = 0; o < out.blocks; ++o) {
    for (int i = 0; i < in.blocks; ++i) {
      EpitomeRound round = spread_round(out, in, o, i);
      windows.place(rounds.size(), round);
      rounds.push_back(round);
    }
  }
  return EpitomePlan(weight, epitome, std::move(rounds));
}

EpitomePlan epitome_plan(const Conv& conv) {
  return spread_plan(weight_shape(conv), conv.epitome->shape, conv.epitome->outputs);
}

EpitomePlan output_wrapping_plan(ConvWeightShape weight, int epitome_out_channels) {
  if (epitome_out_channels < 1 || epitome_out_channels > weight.out_channels) {
    refuse(fmt::format("output wrapping to {} of {} output channels, allowed are 1 to {}",
                       epitome_out_channels, weight.out_channels, weight.out_channels));
  }
  std::vector<EpitomeRound> rounds;
  for (int out = 0; out < weight.out_channels; out += epitome_out_channels) {
    EpitomeRound round;
    round.out_count = std::min(epitome_out_channels, weight.out_channels - out);
    round.in_count = weight.in_channels;
    round.weight_out = out;
    rounds.push_back(round);
  }
  return EpitomePlan(weight,
                     {epitome_out_channels, weight.in_channels, weight.kernel, weight.kernel},
                     std::move(rounds));
}

EpitomePlan input_wrapping_plan(ConvWeightShape weight, int epitome_in_channels) {
  if (epitome_in_channels < 1 || epitome_in_channels > weight.in_channels) {
    refuse(fmt::format("input wrapping to {} of {} input channels, allowed are 1 to {}",
                       epitome_in_channels, weight.in_channels, weight.in_channels));
  }
  std::vector<EpitomeRound> rounds;
  for (int in = 0; in < weight.in_channels; in += epitome_in_channels) {
    EpitomeRound round;
    round.out_count = weight.out_channels;
    round.in_count = std::min(epitome_in_channels, weight.in_channels - in);
    round.weight_in = in;
    rounds.push_back(round);
  }
  return EpitomePlan(weight,
                     {weight.out_channels, epitome_in_channels, weight.kernel, weight.kernel},
                     std::move(rounds));
}

EpitomeRule parse_epitome_rule(const std::string& text, int crossbar_rows) {
  const std::size_t cross = text.find('x');
  const std::string_view view = text;
  EpitomeRule rule;
  rule.rows = parse_count(view.substr(0, std::min(cross, view.size())), text);
  rule.columns =
      parse_count(cross == std::string::npos ? std::string_view() : view.substr(cross + 1), text);
  rule.crossbar_rows = crossbar_rows;
  return rule;
}

std::optional<EpitomeShape> epitome_by_rule(const ConvWeightShape& weight,
                                            const EpitomeRule& rule) {
  if (rule.rows < 1 || rule.columns < 1 || rule.crossbar_rows < 1) {
    throw base::Error(fmt::format("epitome rule {}x{} on crossbars of {} rows is not positive",
                                  rule.rows, rule.columns, rule.crossbar_rows));
  }
  const int window = weight.kernel * weight.kernel;
  if (window > rule.crossbar_rows || window > rule.rows) {
    throw base::Error(
        fmt::format("epitome rule {}x{} on crossbars of {} rows has no room for a kernel of {}x{}",
                    rule.rows, rule.columns, rule.crossbar_rows, weight.kernel, weight.kernel));
  }
  const int channels = rule.rows / rule.crossbar_rows * (rule.crossbar_rows / window) +
                       rule.rows % rule.crossbar_rows / window;
  const EpitomeShape epitome{rule.columns, channels, weight.kernel, weight.kernel};
  if (epitome.elements() >= weight.elements()) return std::nullopt;
  return epitome;
}

}  // namespace gibbon::nn
