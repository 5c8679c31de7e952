#include "gibbon/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "gibbon/base/error.hpp"

namespace gibbon::base {

namespace {

[[noreturn]] void fail(const char* action, const std::filesystem::path& path, int code) {
  throw Error(fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(code)));
}

void write_all(int descriptor, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::filesystem::path partial(const std::filesystem::path& path) {
  return path.string() + ".partial";
}

/// For what is to take the place of `path`, which is no folder and no device.
int open_partial(const std::filesystem::path& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) fail("write", path, EISDIR);
  if (path.filename().empty()) fail("write", path, ENOENT);
  if (std::filesystem::exists(path, unknown) && !std::filesystem::is_regular_file(path, unknown)) {
    fail("write", path, EINVAL);
  }
  const int descriptor =
      ::open(partial(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) fail("write", path, errno);
  return descriptor;
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) fail("read", path, EISDIR);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail("read", path, errno);
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.bad()) fail("read", path, errno);
  return std::move(content).str();
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = partial(path);
  const int descriptor = open_partial(path);
  try {
    write_all(descriptor, content, path);
    if (::fsync(descriptor) != 0) fail("write", path, errno);
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
  if (::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int problem = errno;
  ::unlink(temporary.c_str());
  fail("write", path, problem);
}

void require_writable(const std::filesystem::path& path) {
  ::close(open_partial(path));
  ::unlink(partial(path).c_str());
}

}  // namespace gibbon::base
