#include "gibbon/data/download.hpp"

#include <fmt/format.h>

#include <array>

#include "gibbon/base/error.hpp"
#include "gibbon/data/checksum.hpp"
#include "gibbon/data/http_download.hpp"
#include "gibbon/data/output_file.hpp"
#include "gibbon/data/unpack.hpp"

namespace gibbon::data {

namespace {

namespace fs = std::filesystem;

const std::array kArchives = {
    Archive{"cifar10", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            "c32a1d4ab5d03f1284b67883e8d87530", 170052171, "cifar-10-batches-bin"},
    Archive{"cifar100", "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
            "03b5dce01913d631647c71ecec9e9cb8", 168513733, "cifar-100-binary"},
};

void move_file(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) {
    throw base::Error(
        fmt::format("cannot rename {} to {}: {}", from.string(), to.string(), failure.message()));
  }
}

fs::path with_ending(const fs::path& path, const char* ending) {
  return path.string() + ending;
}

bool has_md5(const fs::path& path, const std::string& md5) {
  return fs::is_regular_file(path) && md5_of_file(path) == md5;
}

/// A partial file longer than the whole is of another file; one that is whole needs no server.
void bring_partial(const Archive& archive, const fs::path& partial, const std::string& url,
                   base::Progress& progress) {
  std::error_code absent;
  const std::uintmax_t there = fs::file_size(partial, absent);
  if (!absent && archive.bytes && there > static_cast<std::uintmax_t>(*archive.bytes)) {
    fs::remove(partial);
  } else if (!absent && there > 0 &&
             there == static_cast<std::uintmax_t>(
                          archive.bytes.value_or(static_cast<std::int64_t>(there))) &&
             has_md5(partial, archive.md5)) {
    return;
  }
  download({url, partial, archive.bytes, "download " + archive.name}, progress);
}

void bring_file(const Archive& archive, const fs::path& file, const std::string& url,
                base::Progress& progress) {
  if (has_md5(file, archive.md5)) return;
  const fs::path partial = with_ending(file, ".partial");
  const fs::path aside = with_ending(file, ".wrong-md5");
  if (fs::exists(file)) {
    move_file(file, aside);
    progress.note(fmt::format("{} was not whole: it is now {}", file.string(), aside.string()));
  }
  bring_partial(archive, partial, url, progress);
  const std::string md5 = md5_of_file(partial);
  if (md5 != archive.md5) {
    move_file(partial, aside);
    throw base::Error(fmt::format("{}: downloaded with MD5 {}, expected {}; the file is kept as {}",
                                  url, md5, archive.md5, aside.string()));
  }
  move_file(partial, file);
}

void unpack_whole(const Archive& archive, const fs::path& file, const fs::path& target) {
  const fs::path hidden = target.parent_path() / ("." + archive.unpacked_folder + ".unpacking");
  std::error_code ignored;
  fs::remove_all(hidden, ignored);
  make_folder(hidden);
  try {
    unpack(file, hidden);
    if (!fs::is_directory(hidden / archive.unpacked_folder)) {
      throw base::Error(
          fmt::format("{}: holds no folder {}", file.string(), archive.unpacked_folder));
    }
    move_file(hidden / archive.unpacked_folder, target);
  } catch (...) {
    fs::remove_all(hidden, ignored);
    throw;
  }
  fs::remove_all(hidden, ignored);
}

}  // namespace

std::span<const Archive> archives() {
  return kArchives;
}

const Archive& find_archive(std::string_view dataset) {
  std::string names;
  for (const Archive& archive : kArchives) {
    if (archive.name == dataset) return archive;
    names += (names.empty() ? "" : ", ") + archive.name;
  }
  throw base::Error(
      fmt::format("the dataset \"{}\" cannot be downloaded; these can: {}", dataset, names));
}

void download_and_unpack(const Archive& archive, const fs::path& to, base::Progress& progress,
                         const std::optional<std::string>& url) {
  const fs::path target = to / archive.unpacked_folder;
  if (fs::is_directory(target)) {
    progress.note(fmt::format("{} is already there", target.string()));
    return;
  }
  make_folder(to);
  const fs::path file = to / archive.url.substr(archive.url.rfind('/') + 1);
  bring_file(archive, file, url.value_or(archive.url), progress);
  unpack_whole(archive, file, target);
  progress.note(fmt::format("{} is ready", target.string()));
}

}  // namespace gibbon::data
