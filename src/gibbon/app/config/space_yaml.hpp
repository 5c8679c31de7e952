#pragma once

#include <filesystem>
#include <string_view>

#include "gibbon/app/config/yaml_reader.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::app {

/// A search space as its file gives it. Where the file says nothing about the images, they decide.
struct SpaceFile {
  std::filesystem::path path;
  space::GibbonSpaceSpec spec;
  bool input_given = false;
  bool classes_given = false;
};

/// Reads a space file of kind gibbon (presets/spaces/*.yaml show every key). `hardware` is a map,
/// or names a hardware file beside it or a shipped one. Throws base::Error "FILE:LINE: KEY: ...",
/// or with the file's name what make_gibbon_space() refuses.
SpaceFile load_space_file(const std::filesystem::path& path);

/// The value of the key `hardware`: a map of hardware keys, or the name of a hardware file beside
/// the space file, in `folder`, or of a shipped one.
hw::HardwareConfig read_space_hardware(const YamlValue& value, const std::filesystem::path& folder);

/// The space over a data set's images. Throws base::Error where the file asks for others.
space::GibbonSpaceSpec spec_for_images(const SpaceFile& file, const nn::Shape& input,
                                       int num_classes);

/// The commented form of a spec, for `gibbon config --space`; reads back to the same spec, but for
/// the hardware, which it leaves to its default.
std::string commented_yaml(const space::GibbonSpaceSpec& spec);

}  // namespace gibbon::app
