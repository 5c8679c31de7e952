#pragma once

#include <string_view>

#include "gibbon/data/load_options.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::app {

/// How to load a dataset for a network that takes images of this shape: pictures in folders are
/// brought to it, datasets of one form remain what they are.
data::LoadOptions images_for(const nn::Shape& input, std::string_view dataset, int threads);

}  // namespace gibbon::app
