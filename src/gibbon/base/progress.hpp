#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace gibbon::base {

/// What a long run tells whoever watches it. Libraries never print: they call this.
struct ProgressUpdate {
  std::string stage;                   ///< "supernet", "search", "final training", ...
  std::int64_t done = 0;               ///< units finished, in the stage's own unit
  std::int64_t total = 0;              ///< units in all; 0 where it is not known
  std::map<std::string, double> best;  ///< best value so far by objective, with its unit in the key
  double hypervolume = 0.0;            ///< 0 until there is a front
  double seconds_left = -1.0;          ///< estimate for the whole run; negative: not known yet
};

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void update(const ProgressUpdate& update) = 0;
  /// A line worth keeping (a stage's result, a warning).
  virtual void note(const std::string& line) = 0;
  /// A point of a curve such as "loss" or "supernet/loss". Most watchers draw none.
  virtual void point(const std::string& /*curve*/, std::int64_t /*step*/, double /*value*/) {}
  /// True once the user asked to stop (first Ctrl-C): finish what is under way, then return.
  virtual bool stop_requested() const { return false; }
};

/// Watches nothing; for tests and --quiet.
class SilentProgress final : public Progress {
 public:
  void update(const ProgressUpdate&) override {}
  void note(const std::string&) override {}
};

}  // namespace gibbon::base
