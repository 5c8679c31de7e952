#pragma once

#include <cstdint>
#include <vector>

/// The orders in which amx_conv_kernels.hpp reads pixels and kernels: all tiles lie in memory as a
/// register holds them. Sixteen bits are a bfloat16. Only where amx_conv_available().
namespace gibbon::train {

/// Images with `ring` columns of zeros behind each row of pixels and `ring` rows of zeros behind
/// each image, all pixels in one sequence. What a convolution with a stride reads is `stride` times
/// as high and wide, and lies in phases of that size each: phase a * stride + b holds the pixels of
/// rows a, a + stride, ... and columns b, b + stride, ...
struct PixelGrid {
  std::int64_t count = 0;
  std::int64_t height = 0;  ///< of a phase
  std::int64_t width = 0;
  std::int64_t ring = 0;  ///< the farthest that a tap reads, in rows of a phase
  std::int64_t stride = 1;

  std::int64_t phases() const { return stride * stride; }
  std::int64_t rows() const { return count * height * stride; }  ///< of all images
  std::int64_t pitch() const { return width + ring; }
  std::int64_t pixels() const { return count * (height + ring) * pitch(); }
  /// The farthest that a tap lies from its output, in the sequence.
  std::int64_t reach() const { return ring * (pitch() + 1); }
  /// In the sequence; of a phase's rows of pixels, counted through all images.
  std::int64_t first_of_row(std::int64_t row) const {
    return (row / height * (height + ring) + row % height) * pitch();
  }
};

/// One of a kernel's taps.
struct Tap {
  std::int64_t index = 0;     ///< in the kernel, row by row
  std::int64_t phase = 0;     ///< that it reads
  std::int64_t distance = 0;  ///< of what it reads from its output, in the sequence
};
/// Of a kernel over images that are padded by half its side: what its outputs read of `grid`.
std::vector<Tap> taps_of_output(const PixelGrid& grid, std::int64_t side);
/// Of the same kernel: what the gradients of the pixels in `phase` of `grid` read of those of the
/// outputs.
std::vector<Tap> taps_of_gradient(const PixelGrid& grid, std::int64_t side, std::int64_t phase);

inline constexpr std::int64_t kTilePixels = 32;     ///< pixels whose products a register adds up
inline constexpr std::int64_t kTileChannels = 32;   ///< channels, likewise
inline constexpr std::int64_t kTileValues = 512;    ///< bfloat16 values of a register
inline constexpr std::int64_t kPixelsAtOnce = 240;  ///< of a task of multiply_pixels

std::int64_t whole_tiles(std::int64_t channels);

/// Pixels as what multiplies them reads them: [channels / 32][phases][lead + pixels + lead][32
/// channels], zeros where the grid has them, in front and behind; lead: see pixel_rows_lead(). Rows
/// `first` to `last` of the images' rows of pixels are written; fill_zeros() writes the rest.
std::int64_t pixel_rows_lead(const PixelGrid& grid);
std::int64_t row_places(const PixelGrid& grid);  ///< of a phase of a block of 32 channels
std::int64_t pixel_rows_size(const PixelGrid& grid, std::int64_t channels);
void fill_zeros(const PixelGrid& grid, std::int64_t channels, std::uint16_t* rows);
/// From float32 images [count][height * stride][width * stride][channels].
void fill_rows(const PixelGrid& grid, std::int64_t channels, const float* images,
               std::int64_t first, std::int64_t last, std::uint16_t* rows);

/// Whether an output of a kernel [out][side][side][channels] reads so little that one row of 32
/// channels holds it.
bool fits_one_row(std::int64_t side, std::int64_t channels);
/// Such rows, as fill_rows() writes them: of each output pixel what it reads of float32 images
/// [count][height * stride][width * stride][channels], in the kernel's order, zeros beyond the
/// images and in the other channels. The grid's ring is 0; its `first` to `last` rows of pixels.
void fill_reads(const PixelGrid& grid, std::int64_t side, std::int64_t channels,
                const float* images, std::int64_t first, std::int64_t last, std::uint16_t* rows);

/// The taps of a kernel [out][side][side][in] that a product takes, which multiply_pixels reads in
/// an order of its own; turned: those of the input's gradient, with [in] outputs. Outputs `first`
/// to `last` of packed_outputs() are written, multiples of kPackedAtOnce.
struct TapKernel {
  std::int64_t side = 0;
  std::int64_t out = 0;
  std::int64_t in = 0;
  std::vector<Tap> taps;
};
inline constexpr std::int64_t kPackedAtOnce = 16;
std::int64_t packed_outputs(const TapKernel& kernel, bool turned);
std::int64_t packed_kernel_size(const TapKernel& kernel);
void pack_kernel(const TapKernel& kernel, const float* values, bool turned, std::int64_t first,
                 std::int64_t last, std::uint16_t* packed);

/// What the kernel's gradient reads of the output's gradient (stride 1), [channels / 16][steps of
/// 32 pixels] registers of [16 channels][32 pixels]. Steps `first` to `last` of channel_steps() are
/// written.
std::int64_t channel_steps(const PixelGrid& grid);
std::int64_t columns_size(const PixelGrid& grid, std::int64_t channels);
void fill_columns(const PixelGrid& grid, std::int64_t channels, const std::uint16_t* rows,
                  std::int64_t first, std::int64_t last, std::uint16_t* columns);

/// And of the input: [channels / 16][phases][2][pairs of pixels][16 channels][2 pixels], first the
/// pairs that begin at even places of the rows and then those at odd ones, so that a tap's pairs
/// are whole ones wherever it lies. Pairs `first` to `last` of pixel_pairs() are written.
std::int64_t pixel_pairs(const PixelGrid& grid);
std::int64_t pairs_size(const PixelGrid& grid, std::int64_t channels);
void fill_pairs(const PixelGrid& grid, std::int64_t channels, const std::uint16_t* rows,
                std::int64_t first, std::int64_t last, std::uint16_t* pairs);

}  // namespace gibbon::train
