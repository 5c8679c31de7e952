#include "gibbon/data/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gibbon/base/error.hpp"

namespace gibbon::data {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw base::Error(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
}

}  // namespace

void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    throw base::Error(fmt::format("cannot make {}: {}", folder.string(), failure.message()));
  }
}

OutputFile::OutputFile(const std::filesystem::path& path, Mode mode) : path_(path) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == Mode::kAppend ? O_APPEND : O_TRUNC);
  descriptor_ = ::open(path.c_str(), flags, 0644);
  if (descriptor_ < 0) fail(path);
  size_ = std::max<std::int64_t>(::lseek(descriptor_, 0, SEEK_END), 0);
}

OutputFile::~OutputFile() {
  ::close(descriptor_);
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += written;
  }
}

void OutputFile::clear() {
  if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0) fail(path_);
  size_ = 0;
}

}  // namespace gibbon::data
