#include "gibbon/data/gzip_reader.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gibbon/base/error.hpp"

namespace gibbon::data {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

gzFile as_gz(void* file) {
  return static_cast<gzFile>(file);
}

}  // namespace

GzipReader::GzipReader(const std::filesystem::path& path) : path_(path) {
  if (std::filesystem::is_directory(path)) {
    throw base::Error(fmt::format("cannot read {}: {}", path.string(), std::strerror(EISDIR)));
  }
  file_ = ::gzopen(path.c_str(), "rb");
  if (file_ == nullptr) {
    throw base::Error(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  ::gzbuffer(as_gz(file_), 1u << 17);
}

GzipReader::~GzipReader() {
  ::gzclose_r(as_gz(file_));
}

std::string GzipReader::read(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    const std::size_t before = bytes.size();
    const std::size_t wanted = std::min(count - before, std::max(kChunk, before));
    const std::size_t step = std::min(wanted, std::size_t{1} << 30);
    bytes.resize(before + step);
    const int got = ::gzread(as_gz(file_), bytes.data() + before, static_cast<unsigned>(step));
    if (got < 0) {
      int code = Z_OK;
      const char* reason = ::gzerror(as_gz(file_), &code);
      throw base::Error(fmt::format("{}: damaged gzip data ({})", path_.string(),
                                    code == Z_ERRNO ? std::strerror(errno) : reason));
    }
    bytes.resize(before + static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < step) break;
  }
  return bytes;
}

bool GzipReader::ended_early() const {
  int code = Z_OK;
  ::gzerror(as_gz(file_), &code);
  return code == Z_BUF_ERROR;
}

}  // namespace gibbon::data
