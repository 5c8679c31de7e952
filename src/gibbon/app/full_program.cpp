#include "gibbon/app/full_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "gibbon/base/error.hpp"

namespace gibbon::app {

void run_full_program(const std::vector<std::string>& arguments) {
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe");
  const std::string program = (own.parent_path() / "gibbon-full").string();
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), program);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  // Threads that wait for work spin briefly, then sleep: beside one busy process, training was
  // eight times slower with libgomp's long spinning, and a third slower without any on an idle
  // machine. The user's own choice stands.
  ::setenv("GOMP_SPINCOUNT", "20000", 0);
  // Memory of large tensors is kept for the next step instead of going back to the system, which
  // would fill it with zeros again: docs/decisions/0005-training-rate.md.
  ::setenv("MALLOC_MMAP_THRESHOLD_", "4294967296", 0);
  ::setenv("MALLOC_TRIM_THRESHOLD_", "4294967296", 0);
  // Nor does it for trainings side by side: heaps of threads other than the first give it back.
  ::setenv("MALLOC_ARENA_MAX", "1", 0);
  ::execv(program.c_str(), pointers.data());
  throw base::Error(fmt::format("cannot start {}: {}", program, std::strerror(errno)));
}

namespace {

void hide_output() {
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere < 0 || ::dup2(nowhere, STDOUT_FILENO) < 0) {
    throw base::Error(fmt::format("cannot open /dev/null: {}", std::strerror(errno)));
  }
}

}  // namespace

int wait_for_full_program(const std::vector<std::string>& arguments) {
  constexpr int kNotStarted = 127;
  const pid_t child = ::fork();
  if (child < 0) throw base::Error(fmt::format("cannot fork: {}", std::strerror(errno)));
  if (child == 0) {
    try {
      hide_output();
      run_full_program(arguments);
    } catch (const std::exception& error) {
      fmt::print(stderr, "gibbon: {}\n", error.what());
    }
    ::_exit(kNotStarted);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw base::Error(fmt::format("waitpid: {}", std::strerror(errno)));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace gibbon::app
