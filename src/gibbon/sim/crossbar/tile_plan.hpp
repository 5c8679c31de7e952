#pragma once

#include <cstdint>
#include <vector>

#include "gibbon/sim/crossbar/amx_weights.hpp"
#include "gibbon/sim/crossbar/crossbar_layer.hpp"
#include "gibbon/sim/crossbar/pixel_tiles.hpp"
#include "gibbon/sim/crossbar/tile_row.hpp"

namespace gibbon::sim {

/// What a kernel does with an integer column sum before it is added to the output.
enum class Epilogue {
  kMultiply,       ///< code = round(sum * multiplier), which never reaches the converter's limit
  kMultiplyClamp,  ///< the same, clamped at the limit
  kTable,          ///< value = table[sum]
  kInteger,        ///< the sum itself (ideal mode)
};

/// Outputs are packed in tiles of this many, the fastest index of the packed weights.
inline constexpr int kOutputTile = 8;

/// One row block, packed. Rows come in quads: four digit bytes to a 32-bit word. Missing rows and
/// outputs have weight 0.
struct BlockPlan {
  int first_output = 0;
  int output_count = 0;
  int quads = 0;
  std::vector<std::int32_t>
      row_offsets;                    ///< [quads * 4], from a pixel's corner in the padded image
  std::vector<std::int32_t> weights;  ///< [output tile][part][quad][kOutputTile]
  std::vector<std::int32_t> corrections;  ///< [output tile][part][kOutputTile, or of `amx`]
  // Paired cycles: the quads of each column tile cut into chunks, see digit_pairs.hpp.
  std::vector<int> chunk_starts;                ///< [output tile][part] + 1, into the next two
  std::vector<int> chunk_ends;                  ///< [chunk]: quad behind its last one
  std::vector<std::int32_t> chunk_corrections;  ///< [chunk][kOutputTile]
  AmxWeights amx;                               ///< instead of `weights`, see lay_out_for_amx
};

/// A layer packed for the fast kernels. Input digits d are stored as bytes d + digit_offset, so
/// that they are unsigned; `corrections` = -digit_offset * sum of the column's digits take that
/// back exactly.
struct TilePlan {
  int out_channels = 0;
  int cycles = 0;
  int parts = 0;
  int dac_bits = 0;
  int cell_bits = 0;
  int digit_offset = 0;
  int max_quads = 0;
  bool paired = false;  ///< two input digits to a byte, see digit_pairs.hpp
  Epilogue epilogue = Epilogue::kTable;
  float multiplier = 0;
  float limit = 0;
  std::vector<float>
      table;  ///< kTable: contribution before the shift down, of sums -origin..origin
  int table_origin = 0;
  /// Factor of digit pair (i, j) in the running sum, [cycles][parts]: powers of two.
  std::vector<float> factors;
  /// Factor of the running sum at the end: a power of two.
  float unit = 1;
  std::vector<BlockPlan> blocks;
};

/// Packs a layer for which fast_kernels_can_run holds. The epilogue is the fastest one that gives
/// the very values of the layer's AdcTransfer for every sum that its weights can reach. The plan is
/// complete once it is arranged for the kernel that runs it.
TilePlan make_tile_plan(const CrossbarLayer& layer, const PixelTiles& tiles);

/// What one thread needs for one tile of pixels.
struct TileBuffers {
  TileBuffers(const TilePlan& plan, int pixels);

  std::uint8_t* digit_bytes() { return digits.data()->bytes; }
  const std::uint8_t* digit_bytes() const { return digits.data()->bytes; }

  std::vector<std::int16_t> values;  ///< [quad][pixel][4]
  std::vector<TileRow> digits;       ///< bytes [cycle, or pair of cycles][quad][pixel][4]
  std::vector<std::int32_t> sums;    ///< [output][pixel], float bits (integers in ideal mode)
  // Paired cycles: low digits so far, [kOutputTile][pixel], and high digits that wait for their
  // turn, [part][kOutputTile][pixel]; float bits.
  std::vector<std::int32_t> low;
  std::vector<std::int32_t> high;
};

/// Computes the sums of one tile of pixels from padded integer images.
using TileFunction = void (*)(const TilePlan& plan, const std::int16_t* images,
                              const std::int32_t* pixel_offsets, TileBuffers& buffers);
/// Completes the plan of a layer.
using ArrangeFunction = void (*)(const CrossbarLayer& layer, TilePlan& plan);
struct TileKernel {
  int pixels;  ///< of one tile
  TileFunction run;
  ArrangeFunction arrange;
};

/// Gives a plan its weights as AMX tiles, and as many quads as those have.
void lay_out_for_amx(const CrossbarLayer& layer, TilePlan& plan);

/// The sums need an instruction set that the machine has; the portable one always runs.
TileKernel portable_tile_kernel();
TileKernel avx2_tile_kernel();
TileKernel avx512_tile_kernel();
TileKernel amx_tile_kernel();

}  // namespace gibbon::sim
