#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "gibbon/base/progress.hpp"

namespace gibbon::data {

/// One file to fetch.
struct HttpDownload {
  std::string url;                    ///< http or https
  std::filesystem::path file;         ///< where it goes; what is there already is continued
  std::optional<std::int64_t> bytes;  ///< its length, where it is known
  std::string stage;                  ///< for progress, which counts bytes
};

/// Fetches the file. What is there of it already is kept and the rest asked for (HTTP range, RFC
/// 9110 section 14); if the server sends the whole instead, or the part does not fit, it starts
/// over. A connection that breaks after it brought something is taken up again, 8 times at most.
/// Throws base::Error with the URL and the reason: no network, an HTTP status that is not success,
/// nothing more coming, more bytes than there should be; or with the path: disk full. After each of
/// these but the last but one, the file holds what came, so that another call continues.
/// Follows redirections; uses the proxy variables of the environment as curl does. One call for a
/// file at a time.
void download(const HttpDownload& request, base::Progress& progress);

}  // namespace gibbon::data
