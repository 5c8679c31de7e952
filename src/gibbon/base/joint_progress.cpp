#include "gibbon/base/joint_progress.hpp"

#include <cmath>
#include <utility>

namespace gibbon::base {

namespace {

constexpr double kEarliestEstimate = 0.01;  // of the work

}  // namespace

class JointProgress::Part final : public Progress {
 public:
  Part(JointProgress& whole, double size) : whole_(whole), size_(size) {}

  void update(const ProgressUpdate& update) override {
    const std::lock_guard lock(whole_.mutex_);
    if (update.total > 0) {
      done_ = size_ * static_cast<double>(update.done) / static_cast<double>(update.total);
    }
    whole_.show();
  }
  void note(const std::string& line) override {
    const std::lock_guard lock(whole_.mutex_);
    whole_.watcher_.note(line);
  }
  bool stop_requested() const override { return whole_.watcher_.stop_requested(); }

  double size() const { return size_; }
  double done() const { return done_; }

 private:
  JointProgress& whole_;
  double size_;
  double done_ = 0;
};

JointProgress::JointProgress(Progress& watcher, std::string stage, const std::vector<double>& sizes)
    : watcher_(watcher), stage_(std::move(stage)) {
  for (const double size : sizes) parts_.push_back(std::make_unique<Part>(*this, size));
}

JointProgress::~JointProgress() = default;

Progress& JointProgress::part(std::size_t index) {
  return *parts_.at(index);
}

void JointProgress::show() {
  double size = 0;
  double done = 0;
  for (const auto& part : parts_) {
    size += part->size();
    done += part->done();
  }
  ProgressUpdate update;
  update.stage = stage_;
  update.done = std::llround(std::floor(done));
  update.total = std::llround(std::ceil(size));
  if (done > kEarliestEstimate * size) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
    update.seconds_left = passed.count() * (size - done) / done;
  }
  watcher_.update(update);
}

}  // namespace gibbon::base
