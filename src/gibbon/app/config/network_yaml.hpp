#pragma once

#include <filesystem>

#include "gibbon/nn/network.hpp"

namespace gibbon::app {

/// A network from a file: .onnx (nn::load_onnx, its weights left out), .csv (NeuroSim's
/// NetWork.csv, nn::load_neurosim_csv), anything else YAML with the keys of nn::network_from_json.
/// Throws base::Error "FILE: ..." or "FILE:LINE: ...", for YAML with the line of the layer in
/// question where it is known.
nn::Network load_network(const std::filesystem::path& path);

}  // namespace gibbon::app
