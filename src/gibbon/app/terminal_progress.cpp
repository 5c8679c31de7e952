#include "gibbon/app/terminal_progress.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "gibbon/app/output.hpp"

namespace gibbon::app {

namespace {

constexpr auto kTerminalPause = std::chrono::milliseconds(100);
constexpr auto kPlainPause = std::chrono::seconds(10);

volatile sig_atomic_t interrupts = 0;

/// Only calls that are allowed in a signal handler.
void on_interrupt(int signal) {
  interrupts = interrupts + 1;
  if (interrupts > 1) _exit(128 + signal);
  static constexpr char kText[] = "\nfinishing ... (again to stop at once)\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kText, sizeof kText - 1);
}

void handle_interrupts(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::string time_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s left", seconds);
  if (seconds < 5400) return fmt::format("{:.0f} min left", seconds / 60);
  return fmt::format("{:.1f} h left", seconds / 3600);
}

/// "accuracy_top1" as "accuracy", to save room.
std::string short_key(const std::string& key) {
  return key.substr(0, key.find('_'));
}

}  // namespace

std::string progress_line(const base::ProgressUpdate& update, std::size_t columns) {
  std::string line = update.stage;
  if (update.total > 0) {
    line += fmt::format("  {}/{}", update.done, update.total);
  } else if (update.done > 0) {
    line += fmt::format("  {}", update.done);
  }
  for (const auto& [key, value] : update.best) {
    line += fmt::format("  {} {:.3g}", short_key(key), value);
  }
  if (update.hypervolume > 0) line += fmt::format("  hv {:.4f}", update.hypervolume);
  if (update.seconds_left >= 0) line += "  " + time_text(update.seconds_left);
  return line.size() <= columns ? line : line.substr(0, columns - 1) + "~";
}

TerminalProgress::TerminalProgress(bool quiet, std::FILE* stream)
    : quiet_(quiet), stream_(stream), is_terminal_(isatty(fileno(stream)) != 0) {
  interrupts = 0;
  handle_interrupts(on_interrupt);
}

TerminalProgress::~TerminalProgress() {
  if (line_open_) fmt::print(stream_, "\n");
  handle_interrupts(SIG_DFL);
}

bool TerminalProgress::stop_requested() const {
  return interrupts > 0;
}

void TerminalProgress::clear_line() {
  if (line_open_) fmt::print(stream_, "\r\x1b[K");
  line_open_ = false;
}

void TerminalProgress::update(const base::ProgressUpdate& update) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  const bool is_new = update.stage != last_stage_;
  const bool is_last = update.total > 0 && update.done == update.total;
  const auto pause = is_terminal_ ? Clock::duration(kTerminalPause) : Clock::duration(kPlainPause);
  if (!is_new && !is_last && now - last_print_ < pause) return;
  last_stage_ = update.stage;
  last_print_ = now;
  if (is_terminal_) {
    // One column stays free, so that the terminal does not wrap.
    fmt::print(stream_, "\r{}\x1b[K", progress_line(update, kTerminalColumns - 1));
    line_open_ = true;
  } else {
    // A log of a long training does not repeat what it says.
    const std::string line = progress_line(update, kTerminalColumns);
    if (line == last_line_) return;
    last_line_ = line;
    fmt::print(stream_, "{}\n", line);
  }
  std::fflush(stream_);
}

void TerminalProgress::note(const std::string& line) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  clear_line();
  fmt::print(stream_, "{}\n", line);
  std::fflush(stream_);
}

}  // namespace gibbon::app
