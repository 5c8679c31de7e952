#pragma once

#include <filesystem>
#include <optional>

#include "gibbon/app/config/space_loader.hpp"

namespace gibbon::app {

/// Reads a space file of kind cimnet (presets/spaces/cimnet-*.yaml show every key). Images that the
/// file leaves open are those given, else 3x32x32 of 10 classes. Throws base::Error
/// "FILE:LINE: KEY: ...", also where the file asks for other images than those given.
space::CimnetSpaceSpec load_cimnet_spec(const std::filesystem::path& path,
                                        const std::optional<SpaceImages>& images = {});

}  // namespace gibbon::app
