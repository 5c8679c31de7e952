#pragma once

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

#include "gibbon/base/progress.hpp"

namespace gibbon::app {

/// Progress on a stream, standard error by default: on a terminal one line of at most 80 columns,
/// rewritten; elsewhere a plain line every ten seconds and at each stage; nothing if quiet. Notes
/// are lines of their own. While it lives, the first Ctrl-C (or SIGTERM) sets stop_requested() and
/// says so, the second ends the process at once. One at a time; update() and note() are
/// thread-safe.
class TerminalProgress final : public base::Progress {
 public:
  explicit TerminalProgress(bool quiet, std::FILE* stream = stderr);
  ~TerminalProgress() override;
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  void update(const base::ProgressUpdate& update) override;
  void note(const std::string& line) override;
  bool stop_requested() const override;

 private:
  using Clock = std::chrono::steady_clock;

  void clear_line();

  bool quiet_;
  std::FILE* stream_;
  bool is_terminal_;
  std::mutex mutex_;
  std::string last_stage_;
  std::string last_line_;  // in a file
  Clock::time_point last_print_{};
  bool line_open_ = false;
};

/// The line that is shown: "search  12/40  accuracy 88.1  edp 0.24  hv 0.412  3 min left", cut to
/// `columns`.
std::string progress_line(const base::ProgressUpdate& update, std::size_t columns);

}  // namespace gibbon::app
