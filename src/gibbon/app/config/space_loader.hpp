#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gibbon/nn/network.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/space/spaces/cimnet.hpp"

namespace gibbon::app {

/// A data set's images, as a space's networks see them.
struct SpaceImages {
  nn::Shape shape;
  int num_classes = 0;
};

/// Which space, and what is put in place of what its file says.
struct SpaceChoice {
  std::filesystem::path file;
  std::optional<SpaceImages> images = {};  ///< nothing: the file's, or its kind's own
  std::filesystem::path hardware = {};     ///< file of the base hardware; empty: the space file's
  space::Explored explored = space::Explored::kBoth;
};

/// The kind of a space file, its key `kind`: "gibbon" (also where there is no such key) or
/// "cimnet".
std::string space_kind(const std::filesystem::path& file);

/// A space of any kind. Throws base::Error "FILE:LINE: KEY: ..." for what its file should not say,
/// and where it does not suit the images, or for genes that its kind cannot hold.
std::unique_ptr<space::SearchSpace> load_space(const SpaceChoice& choice);

}  // namespace gibbon::app
