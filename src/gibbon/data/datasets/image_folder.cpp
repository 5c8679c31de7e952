#include "gibbon/data/datasets/image_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "gibbon/base/error.hpp"
#include "gibbon/base/parallel.hpp"
#include "gibbon/data/image_file.hpp"

namespace gibbon::data {

namespace {

namespace fs = std::filesystem;

struct LabelledFile {
  fs::path path;
  std::int32_t label = 0;
  double place = 0;  ///< in its class, from 0 to below 1
};

/// What every image of the dataset is brought to, and whose size it is.
struct Form {
  ImageSize size;
  int channels = 0;
  bool resize = false;
  fs::path first;
};

void check_options(const LoadOptions& options) {
  const auto side_ok = [](int side) { return side >= 1 && side <= kMaxImageSide; };
  if (options.size && (!side_ok(options.size->height) || !side_ok(options.size->width))) {
    throw base::Error(fmt::format("image size {}x{}: sides of 1 to {} are possible",
                                  options.size->height, options.size->width, kMaxImageSide));
  }
  if (options.channels && *options.channels != 1 && *options.channels != 3) {
    throw base::Error(
        fmt::format("{} image channels: 1 (grey) or 3 (colour) are possible", *options.channels));
  }
}

bool hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

bool is_picture_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

template <typename Keep>
std::vector<fs::path> sorted_entries(const fs::path& folder, Keep keep) {
  std::vector<fs::path> entries;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (!hidden(at->path()) && keep(at->path())) entries.push_back(at->path());
  }
  if (failure) {
    throw base::Error(fmt::format("cannot read {}: {}", folder.string(), failure.message()));
  }
  std::sort(entries.begin(), entries.end(), [](const fs::path& a, const fs::path& b) {
    return a.filename().string() < b.filename().string();
  });
  return entries;
}

std::vector<std::string> class_names(const fs::path& split) {
  std::error_code ignored;
  std::vector<std::string> names;
  for (const fs::path& folder :
       sorted_entries(split, [&](const fs::path& p) { return fs::is_directory(p, ignored); })) {
    names.push_back(folder.filename().string());
  }
  return names;
}

std::vector<LabelledFile> list_split(const fs::path& split,
                                     const std::vector<std::string>& classes) {
  std::error_code ignored;
  std::vector<LabelledFile> files;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const fs::path folder = split / classes[label];
    const std::size_t before = files.size();
    for (fs::path& path : sorted_entries(folder, [&](const fs::path& p) {
           return is_picture_name(p) && fs::is_regular_file(p, ignored);
         })) {
      files.push_back({std::move(path), static_cast<std::int32_t>(label)});
    }
    const double count = static_cast<double>(files.size() - before);
    for (std::size_t i = before; i < files.size(); ++i) {
      files[i].place = static_cast<double>(i - before) / count;
    }
    if (files.size() == before) {
      throw base::Error(
          fmt::format("{}: no .png, .jpg or .jpeg file in this class folder", folder.string()));
    }
  }
  // Classes in turn: calibration, scoring and tests take the first images.
  std::stable_sort(files.begin(), files.end(),
                   [](const LabelledFile& a, const LabelledFile& b) { return a.place < b.place; });
  return files;
}

void check_same_classes(const fs::path& train, const std::vector<std::string>& train_classes,
                        const fs::path& test, const std::vector<std::string>& test_classes) {
  const auto check = [](const fs::path& in, const auto& present, const fs::path& other,
                        const auto& needed) {
    for (const std::string& name : needed) {
      if (std::binary_search(present.begin(), present.end(), name)) continue;
      throw base::Error(fmt::format("{}: no folder for the class \"{}\", which is in {}/",
                                    in.string(), name, other.filename().string()));
    }
  };
  check(test, test_classes, train, train_classes);
  check(train, train_classes, test, test_classes);
}

Form form_of(const LabelledFile& first, const LoadOptions& options) {
  const Picture picture = read_picture(first.path);
  const ImageSize own{picture.height, picture.width};
  return {options.size.value_or(own), options.channels.value_or(picture.channels),
          options.size.has_value(), first.path};
}

Picture brought_to(const Form& form, const LabelledFile& file) {
  const Picture picture = with_channels(read_picture(file.path), form.channels);
  if (form.resize) return resized(picture, form.size.height, form.size.width);
  if (ImageSize{picture.height, picture.width} != form.size) {
    throw base::Error(fmt::format(
        "{}: {}x{} pixels, but {} has {}x{}: give an image size, to which all are resized",
        file.path.string(), picture.height, picture.width, form.first.string(), form.size.height,
        form.size.width));
  }
  return picture;
}

ImageSet read_split(const std::vector<LabelledFile>& files, const Form& form, int threads) {
  ImageSet images{form.channels, form.size.height, form.size.width, {}, {}};
  const auto size = static_cast<std::size_t>(images.image_size());
  const std::size_t plane = size / static_cast<std::size_t>(form.channels);
  for (const LabelledFile& file : files) images.labels.push_back(file.label);
  images.pixels.resize(files.size() * size);
  base::parallel_for(files.size(), threads, [&](std::size_t i) {
    const Picture picture = brought_to(form, files[i]);
    const auto channels = static_cast<std::size_t>(form.channels);
    for (std::size_t at = 0; at < size; ++at) {
      images.pixels[i * size + (at % channels) * plane + at / channels] = picture.pixels[at];
    }
  });
  return images;
}

}  // namespace

Dataset load_image_folder(const fs::path& directory, const LoadOptions& options) {
  check_options(options);
  const fs::path train = directory / "train";
  const fs::path test = directory / (fs::is_directory(directory / "test") ? "test" : "val");
  if (!fs::is_directory(train)) {
    throw base::Error(fmt::format("{}: no train/ folder in it", directory.string()));
  }
  if (!fs::is_directory(test)) {
    throw base::Error(fmt::format("{}: no test/ or val/ folder in it", directory.string()));
  }
  Dataset dataset{"image-folder", class_names(train), {}, {}};
  if (dataset.class_names.empty()) {
    throw base::Error(fmt::format("{}: no class folders in it", train.string()));
  }
  check_same_classes(train, dataset.class_names, test, class_names(test));
  const std::vector<LabelledFile> train_files = list_split(train, dataset.class_names);
  const std::vector<LabelledFile> test_files = list_split(test, dataset.class_names);
  const Form form = form_of(train_files.front(), options);
  if (!options.test_only) dataset.train = read_split(train_files, form, options.threads);
  dataset.test = read_split(test_files, form, options.threads);
  return dataset;
}

}  // namespace gibbon::data
