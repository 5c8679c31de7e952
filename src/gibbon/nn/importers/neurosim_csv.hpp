#pragma once

#include <filesystem>
#include <string_view>

#include "gibbon/nn/importers/import_options.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn {

/// Reads DNN+NeuroSim's NetWork.csv: one row a layer with weights, no heading, 7 or 8 columns of
/// integers: input length, width and channels, kernel length, kernel width, output channels,
/// "followed by pooling" (0 or 1) and, since V1.3, the stride (1 where the column is missing). A
/// fully connected layer has an input and a kernel of 1x1. Source: Peng et al.,
/// "DNN+NeuroSim", IEDM 2019; the columns as in NetWork_ResNet18.csv of
/// github.com/neurosim/DNN_NeuroSim_V1.3 (first row 224,224,3,7,7,64,1,2), the stride by its
/// authors' answer in issue 33 there.
///
/// The format does not say everything; this is what we put in its place:
/// - Padding: the one with which the row's output fits the next row, (kernel - 1) / 2 (which also
///   holds for a last convolution) before any other from 0 to kernel - 1.
/// - Pooling: max, window and stride 2; where only that does not fit, the window (and stride) that
///   brings the output to the next row's size, as a global average where that size is 1x1.
/// - Connections: a row reads the row before it. A 1x1 row that does not fit it, but reads what an
///   earlier row read and puts out what the row before it does, is a shortcut: both are added. The
///   latest such row counts. Shortcuts without weights have no row, and are missing here too.
/// - A ReLU follows each row but the last, behind the sum where there is one. No batch norms.
/// - The last row's output channels are the classes.
///
/// Layers are named conv1, relu1, pool1, add1, flatten1, fc1, each type counted from 1. Bits and
/// the input's grid are ImportOptions'. Throws base::Error "FILE:LINE:COLUMN: ..." (columns counted
/// from 1) or "FILE:LINE: ..." where rows do not fit together.
Network load_neurosim_csv(const std::filesystem::path& path, const ImportOptions& options = {});

/// The same from a file's content; `path` names it in errors, its stem names the network.
Network parse_neurosim_csv(std::string_view content, const std::filesystem::path& path,
                           const ImportOptions& options = {});

}  // namespace gibbon::nn
