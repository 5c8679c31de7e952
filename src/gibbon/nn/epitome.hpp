#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gibbon/nn/epitome_shape.hpp"
#include "gibbon/nn/layer.hpp"

/// Epitomes: a small tensor from whose patches the weight of a convolution is put together (Wang et
/// al., "EPIM", DAC 2024, arXiv 2311.07620; after Zhou et al., "Neural Epitome Search", ICLR 2020).
/// The offsets are fixed integers, since the elements sit in the cells of crossbars. Equations and
/// sources: docs/models/epitome.md. All value types; const use is safe from any thread.
namespace gibbon::nn {

/// The weight [out_channels, in_channels, kernel, kernel] of a convolution, row-major.
struct ConvWeightShape {
  int out_channels = 0;
  int in_channels = 0;  ///< of one group
  int kernel = 0;

  friend bool operator==(const ConvWeightShape&, const ConvWeightShape&) = default;
  long elements() const { return static_cast<long>(out_channels) * in_channels * kernel * kernel; }
};
ConvWeightShape weight_shape(const Conv& conv);

/// One activation round: a patch [out_count, in_count, kernel, kernel] of the epitome, and where it
/// stands in the convolution's weight, whose whole kernel it fills.
struct EpitomeRound {
  int epitome_out = 0;
  int epitome_in = 0;
  int epitome_row = 0;
  int epitome_column = 0;
  int out_count = 0;
  int in_count = 0;
  int weight_out = 0;
  int weight_in = 0;

  friend bool operator==(const EpitomeRound&, const EpitomeRound&) = default;
};

/// Which epitome element each weight element is. Patches may overlap in the epitome; in the weight
/// they cover each element exactly once, since crossbars would sum what two rounds compute.
class EpitomePlan {
 public:
  /// Throws base::Error: "epitome plan: ..." with the round that leaves the epitome or the weight,
  /// the first weight element [o, i, y, x] that no round covers, or the first that two cover.
  EpitomePlan(ConvWeightShape weight, EpitomeShape epitome, std::vector<EpitomeRound> rounds);

  const ConvWeightShape& weight() const { return weight_; }
  const EpitomeShape& epitome() const { return epitome_; }
  const std::vector<EpitomeRound>& rounds() const { return rounds_; }
  /// Rounds that a chip must compute: rounds that start at the same place of the epitome and read
  /// the same inputs have the same outputs, as far as the shorter one's go, and are computed once
  /// and copied (EPIM's feature-map reuse).
  long computed_rounds() const { return static_cast<long>(computed().size()); }
  /// Their indices in rounds(), ascending; of equal rounds the longest, the first of those.
  std::vector<std::size_t> computed() const;
  /// Weight elements per epitome element.
  double compression() const;

  /// The epitome element (row-major index) behind each weight element (row-major).
  std::vector<std::int32_t> sources() const;
  /// How many weight elements are each epitome element; they sum to weight().elements(). 0 marks an
  /// element that no round reads.
  std::vector<std::int32_t> use_counts() const;

 private:
  ConvWeightShape weight_;
  EpitomeShape epitome_;
  std::vector<EpitomeRound> rounds_;
};

/// The convolution's weight. T is float or double. Throws base::Error where the number of values is
/// not the epitome's.
template <typename T>
std::vector<T> reconstruct(const EpitomePlan& plan, std::span<const T> epitome);

/// The exact gradient of a loss by the epitome from that by the convolution's weight: each epitome
/// element's is the sum over its uses, added in the weight's order. T is float or double. Throws
/// base::Error where the number of values is not the weight's.
template <typename T>
std::vector<T> epitome_gradient(const EpitomePlan& plan, std::span<const T> weight_gradient);

/// The epitome whose reconstruction is nearest to a convolution's weight: each element is the mean
/// over its uses; 0 where it has none. Throws base::Error where the number of values is not the
/// weight's.
std::vector<float> nearest_epitome(const EpitomePlan& plan, std::span<const float> weight);

/// Patches as equal as possible, spread evenly over the epitome. Along each channel axis the weight
/// is cut into ceil(C / Ce) blocks whose lengths differ by at most one, longer ones first, and
/// block j of n starts at floor(j (Ce - length) / (n - 1)), so that blocks shorter than the epitome
/// overlap. Where the epitome has more channels than the weight, the one block of that axis moves
/// so with the blocks of the other axis instead. Windows of an epitome larger than the kernel are
/// taken in turn, row by row. With wrapped outputs the blocks of output channels are Coe long, the
/// last one shorter, and all alike. Throws base::Error for shapes that are not positive or below
/// the kernel.
EpitomePlan spread_plan(ConvWeightShape weight, EpitomeShape epitome,
                        OutputBlocks outputs = OutputBlocks::kSpread);

/// The plan of a convolution that has an epitome.
EpitomePlan epitome_plan(const Conv& conv);

/// Output-channel wrapping: filter o is filter o mod Coe of an epitome [Coe, Cin, k, k]. All rounds
/// read the same inputs, so one is computed. Throws base::Error unless 1 <= Coe <= Cout.
EpitomePlan output_wrapping_plan(ConvWeightShape weight, int epitome_out_channels);

/// Input-channel wrapping: channel i of a filter is channel i mod Cie of an epitome
/// [Cout, Cie, k, k]; a chip may add the input channels that share a channel before it multiplies.
/// Throws base::Error unless 1 <= Cie <= Cin.
EpitomePlan input_wrapping_plan(ConvWeightShape weight, int epitome_in_channels);

/// "1024x256" on crossbars of 256 rows: an epitome matrix for every convolution that is larger.
struct EpitomeRule {
  int rows = 1024;
  int columns = 256;
  int crossbar_rows = 256;  ///< a channel's kernel x kernel rows stay in one crossbar
};

/// Reads "ROWSxCOLUMNS". Throws base::Error with the text and what is allowed.
EpitomeRule parse_epitome_rule(const std::string& text, int crossbar_rows = 256);

/// The epitome that the rule gives a convolution: `columns` output channels, and as many input
/// channels of kernel x kernel rows as fit `rows` without crossing a crossbar's edge. Nothing where
/// that is not smaller than the convolution, which then stays as it is. Throws base::Error for a
/// rule that is not positive, or a kernel of more rows than a crossbar or the rule has.
std::optional<EpitomeShape> epitome_by_rule(const ConvWeightShape& weight, const EpitomeRule& rule);

}  // namespace gibbon::nn
