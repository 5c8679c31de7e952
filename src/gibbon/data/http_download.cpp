#include "gibbon/data/http_download.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "gibbon/base/error.hpp"
#include "gibbon/data/output_file.hpp"

namespace gibbon::data {

namespace {

constexpr int kMaxAttempts = 8;
constexpr std::int64_t kReportEvery = std::int64_t{1} << 20;
constexpr long kConnectSeconds = 30;
constexpr long kStallSeconds = 60;

enum class Outcome { kWhole, kBroken, kStartOver };

/// One request and what came of it. Exceptions may not pass through libcurl, so the callbacks leave
/// their message here.
class Transfer {
 public:
  Transfer(const HttpDownload& request, base::Progress& progress)
      : request_(request),
        progress_(progress),
        handle_(curl_easy_init(), &curl_easy_cleanup),
        file_(request.file, OutputFile::Mode::kAppend),
        offset_(file_.size()) {
    if (!handle_) throw base::Error("cannot set up libcurl");
  }

  Outcome run();
  std::int64_t offset() const { return offset_; }
  std::int64_t size() const { return file_.size(); }
  const std::string& reason() const { return reason_; }

 private:
  static std::size_t on_header(char* data, std::size_t, std::size_t count, void* self);
  static std::size_t on_data(char* data, std::size_t, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  void set_options();
  bool begin_body();
  bool receive(std::string_view bytes);
  void report();
  long status() const;
  Outcome outcome(CURLcode code);

  const HttpDownload& request_;
  base::Progress& progress_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  OutputFile file_;
  std::int64_t offset_;  ///< bytes that were there before
  std::int64_t reported_ = 0;
  std::optional<std::int64_t> range_start_;
  bool body_begun_ = false;
  bool wrong_part_ = false;
  std::string failure_;  ///< of a callback
  std::string reason_;   ///< why the connection broke
  char curl_message_[CURL_ERROR_SIZE]{};
};

std::size_t Transfer::on_header(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view line(data, count);
  constexpr std::string_view kName = "content-range:";
  if (line.starts_with("HTTP/")) transfer.range_start_.reset();
  if (line.size() <= kName.size() || !curl_strnequal(data, kName.data(), kName.size())) {
    return count;
  }
  const std::string value(line.substr(kName.size()));
  if (const std::size_t digits = value.find_first_of("0123456789"); digits != std::string::npos) {
    transfer.range_start_ = std::strtoll(value.c_str() + digits, nullptr, 10);
  }
  return count;
}

std::size_t Transfer::on_data(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.receive({data, count}) ? count : 0;
  } catch (const std::exception& error) {
    transfer.failure_ = error.what();
    return 0;
  }
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.progress_.stop_requested()) return 0;
  transfer.failure_ =
      fmt::format("download of {} stopped: {} bytes are kept in {}", transfer.request_.url,
                  transfer.file_.size(), transfer.request_.file.string());
  return 1;
}

void Transfer::set_options() {
  CURL* curl = handle_.get();
  curl_easy_setopt(curl, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, curl_message_);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_data);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
  if (offset_ > 0) curl_easy_setopt(curl, CURLOPT_RANGE, fmt::format("{}-", offset_).c_str());
}

long Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

/// Whether the body that begins is one to keep. A whole file replaces what was there.
bool Transfer::begin_body() {
  body_begun_ = true;
  if (status() == 206 && range_start_ != offset_) wrong_part_ = true;
  if (status() == 200 && offset_ > 0) {
    file_.clear();
    offset_ = 0;
  }
  return !wrong_part_;
}

bool Transfer::receive(std::string_view bytes) {
  if (!body_begun_ && !begin_body()) return false;
  if (status() != 200 && status() != 206) return true;
  if (request_.bytes && file_.size() + static_cast<std::int64_t>(bytes.size()) > *request_.bytes) {
    file_.clear();
    throw base::Error(fmt::format("{}: more than the {} bytes that it should have", request_.url,
                                  *request_.bytes));
  }
  file_.write(bytes);
  if (file_.size() - reported_ >= kReportEvery) report();
  return true;
}

void Transfer::report() {
  base::ProgressUpdate update;
  update.stage = request_.stage;
  update.done = file_.size();
  update.total = request_.bytes.value_or(0);
  progress_.update(update);
  reported_ = file_.size();
}

Outcome Transfer::outcome(CURLcode code) {
  if (!failure_.empty()) throw base::Error(failure_);
  if (offset_ > 0 && (wrong_part_ || status() == 416)) return Outcome::kStartOver;
  if (wrong_part_) throw base::Error(fmt::format("{}: sent in part, unasked", request_.url));
  if (code == CURLE_OK && status() != 200 && status() != 206) {
    throw base::Error(
        fmt::format("cannot download {}: HTTP status {}, expected 200", request_.url, status()));
  }
  report();
  if (code == CURLE_OK && size() >= request_.bytes.value_or(0)) return Outcome::kWhole;
  reason_ = code == CURLE_OK           ? "the connection ended early"
            : curl_message_[0] != '\0' ? curl_message_
                                       : curl_easy_strerror(code);
  return Outcome::kBroken;
}

Outcome Transfer::run() {
  set_options();
  return outcome(curl_easy_perform(handle_.get()));
}

void set_up_curl_once() {
  // Not safe while another thread uses libcurl: a static makes it happen once, before the first.
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw base::Error("cannot set up libcurl");
}

void start_over(const std::filesystem::path& file) {
  OutputFile(file, OutputFile::Mode::kReplace);
}

}  // namespace

void download(const HttpDownload& request, base::Progress& progress) {
  set_up_curl_once();
  std::string reason;
  std::int64_t kept = 0;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    Transfer transfer(request, progress);
    const Outcome outcome = transfer.run();
    if (outcome == Outcome::kWhole) return;
    if (outcome == Outcome::kStartOver) {
      start_over(request.file);
      continue;
    }
    reason = transfer.reason();
    kept = transfer.size();
    if (kept <= transfer.offset()) break;
  }
  throw base::Error(fmt::format("cannot download {}: {}{}", request.url, reason,
                                kept == 0 ? ""
                                          : fmt::format("; {} bytes are kept in {}, the next try "
                                                        "continues from there",
                                                        kept, request.file.string())));
}

}  // namespace gibbon::data
