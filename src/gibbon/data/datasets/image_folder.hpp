#pragma once

#include <filesystem>

#include "gibbon/data/dataset.hpp"
#include "gibbon/data/load_options.hpp"

namespace gibbon::data {

/// Reads DIR/train/<class>/ and DIR/test/<class>/ (DIR/val/ where there is no test/): every .png,
/// .jpg and .jpeg file (any case) directly in a class folder is an image; other files, and names
/// that begin with a dot, are passed over. Classes are the folders of train/ sorted by name (byte
/// order), images of a class are in the order of their names, and classes take turns as their sizes
/// ask for: any first images are of all classes.
/// With LoadOptions::size every image is resized (image_file.hpp says how, the aspect ratio is not
/// kept); without, all must have the size of the first training image.
/// Throws base::Error for a missing folder, a class that is empty or in one split only, an image
/// that cannot be decoded or has another size, and bad options. With LoadOptions::test_only no
/// training image is decoded but the first, where its form is asked for.
Dataset load_image_folder(const std::filesystem::path& directory, const LoadOptions& options);

}  // namespace gibbon::data
