#pragma once

#include <filesystem>
#include <string_view>

#include "gibbon/nn/importers/import_options.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn {

/// Reads a .onnx file (onnx.ai, IR.md and Operators.md): a network for images [1, C, H, W] or
/// vectors [1, F] with one input, one output and constant weights. Nodes that the output does not
/// depend on are left out; layers are in the file's order where that is executable, and are named
/// as their nodes (an unnamed one as its output; "_2", "_3" ... where a name is taken).
///
/// What becomes what:
/// - Conv (square kernel, equal strides, pads and no dilation), Gemm (alpha, beta, transB), MatMul
///   with constant weights: Conv and Linear. A bias, also one added by Add with a constant, has no
///   place on a crossbar: it goes into the batch norm or the tokens behind it, or, where neither
///   follows, becomes a Bias NAME_bias, quantised to activation_bits. A bias of zeros is left out.
/// - BatchNormalization: BatchNorm quantised to activation_bits, as MNSIM does.
/// - Relu, and Clip to [0, infinity]: Relu. Clip to [-a, a]: HardTanh of range a, quantised to
///   activation_bits. Clip to [0, a] (ReLU6): Relu and a HardTanh NAME_limit.
/// - MaxPool, AveragePool (padding only with count_include_pad), GlobalAveragePool: Pool.
/// - Add of two results of the same shape: Add. Concat of results along their channels (axis 1, of
///   vectors their features): Concat; of a single one nothing. Flatten, and a Reshape that does the
///   same: Flatten.
/// - Dropout: Dropout. Identity, Cast to floats, and a Softmax or LogSoftmax that gives the
///   network's output (it does not move the largest value), disappear. Constant: its value, where
///   an initialiser may stand. Arithmetic on constants and on shapes is computed.
///
/// Of vision transformers, where a sequence of T tokens of C features is any arrangement of these
/// two by Reshape, Transpose, Squeeze and Unsqueeze, which give no layers:
/// - Gemm and MatMul with constant weights: a Conv of kernel 1. Where only some of its features are
///   read (Gather, Slice, Split), as of one layer for queries, keys and values, each such part is a
///   Conv of its own, NAME_query, NAME_key, NAME_value or NAME_part. Mul by a constant for each
///   feature goes into its weights.
/// - Concat of a constant [1, 1, C] and the positions of an image, and Add of a constant [1, T, C]:
///   Tokens. Gather, Slice or Split that takes one token: SelectToken. ReduceMean and
///   GlobalAveragePool over all tokens: Pool.
/// - LayerNormalization over the features: LayerNorm quantised to activation_bits. Gelu, also in
///   the parts x * 0.5 * (1 + Erf(x / sqrt(2))): Gelu.
/// - MatMul of two results, heads of queries with heads of keys or of scores with values: MatMul.
///   Mul and Div by a number, before or behind it, are its scale. Softmax over the last axis:
///   Softmax.
///
/// Calibration that ONNX does not have, and that a simulation of accuracy needs: the `input` grids
/// of Conv and Linear but for those that read the network's input, a HardTanh or a Concat of these
/// (bits are set, scale is 0), the `output` grids (likewise), and `output_range` of Conv, Linear,
/// MatMul, Bias and quantised norms (-1). Weight grids are those of the weights read. The input's
/// grid is ImportOptions', so a network trained on normalised images needs its own. Until all are
/// measured, sim::make_accuracy_simulator refuses the network.
///
/// Throws base::Error "FILE: ..." for anything else, all unsupported nodes in one message. No
/// content makes it crash: no value may have more than 2^26 elements.
TrainedNetwork load_onnx(const std::filesystem::path& path, const ImportOptions& options = {});

/// The same from a file's content; `path` names it in errors, its stem names the network.
TrainedNetwork parse_onnx(std::string_view content, const std::filesystem::path& path,
                          const ImportOptions& options = {});

}  // namespace gibbon::nn
