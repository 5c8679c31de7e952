#pragma once

#include <filesystem>

#include "gibbon/nn/network.hpp"

namespace gibbon::app {

/// A network from a YAML file with the keys of nn::network_from_json. Throws base::Error
/// "FILE:LINE: ...", LINE being that of the layer in question where it is known.
nn::Network load_network(const std::filesystem::path& path);

}  // namespace gibbon::app
