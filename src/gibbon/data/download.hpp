#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gibbon/base/progress.hpp"

namespace gibbon::data {

/// A dataset as its publisher offers it.
struct Archive {
  std::string name;                   ///< the dataset's name in dataset_registry.hpp
  std::string url;                    ///< its last part names the file on disk
  std::string md5;                    ///< 32 lower-case hexadecimal digits
  std::optional<std::int64_t> bytes;  ///< absent: not known
  std::string unpacked_folder;        ///< the one folder that it unpacks to
};

/// All archives that Gibbon can fetch (CIFAR-10 and CIFAR-100,
/// https://www.cs.toronto.edu/~kriz/cifar.html).
std::span<const Archive> archives();

/// Throws base::Error, listing the datasets that can be downloaded, for any other.
const Archive& find_archive(std::string_view dataset);

/// Puts archive.unpacked_folder into the folder `to`, which is made if need be; does nothing but
/// note it if that folder is there. Downloads to FILE.partial in `to`, continuing one that broke
/// off before; renames it to FILE once its MD5 is right; unpacks into a hidden folder that is
/// renamed when complete, so that a half-unpacked dataset is never taken for a whole one. FILE
/// stays, and a FILE with the right MD5 is not downloaded again. `url` fetches from elsewhere (a
/// mirror) instead of archive.url; the MD5 is the same. Throws base::Error as http_download.hpp and
/// unpack.hpp say, and for a wrong MD5: the file is then kept as FILE.wrong-md5, which the message
/// names. One call for a folder at a time.
void download_and_unpack(const Archive& archive, const std::filesystem::path& to,
                         base::Progress& progress,
                         const std::optional<std::string>& url = std::nullopt);

}  // namespace gibbon::data
