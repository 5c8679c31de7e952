#include "gibbon/store/stores/write_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "gibbon/base/error.hpp"

namespace gibbon::store {
namespace {

std::string reason(int code) {
  return std::generic_category().message(code);
}

std::string content_of(int descriptor) {
  std::array<char, 32> buffer{};
  const ssize_t count = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : "unknown";
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

WriteLock::WriteLock(const std::filesystem::path& file) {
  const std::string path = file.string() + ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw base::Error(fmt::format("cannot write to {}: {}", path, reason(errno)));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    const std::string holder = content_of(descriptor_);
    ::close(descriptor_);
    if (code != EWOULDBLOCK) {
      throw base::Error(fmt::format("cannot lock {}: {}", path, reason(code)));
    }
    throw base::Error(fmt::format("run folder {} is in use by another process (pid {})",
                                  folder_of(file).string(), holder));
  }
  const std::string pid = std::to_string(::getpid());
  // The number only helps a reader of the message: without it the lock holds all the same.
  if (::ftruncate(descriptor_, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor_, pid.data(), pid.size(), 0);
  }
}

WriteLock::~WriteLock() {
  ::close(descriptor_);
}

}  // namespace gibbon::store
