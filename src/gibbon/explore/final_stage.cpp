#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "gibbon/base/side_by_side.hpp"
#include "gibbon/explore/chip_choice.hpp"
#include "gibbon/explore/design_training.hpp"
#include "gibbon/explore/final_choice.hpp"
#include "gibbon/explore/stages.hpp"
#include "gibbon/search/pareto.hpp"

namespace gibbon::explore {

namespace {

using space::Evaluation;
using space::Metric;

/// The most promising designs within a target, no two alike, on the chips that they would be
/// trained for.
std::vector<Evaluation> candidates_for(const RunContext& context, const FinalTarget& target) {
  const FinalConfig& config = context.config.final_training;
  std::vector<Evaluation> candidates;
  std::set<space::Genome> known;
  for (Evaluation& candidate :
       most_promising_within(context, target, static_cast<std::size_t>(config.candidates))) {
    if (config.chips == "quietest") candidate = on_quietest_chip(context, target, candidate);
    if (known.insert(candidate.genome).second) candidates.push_back(std::move(candidate));
  }
  return candidates;
}

/// Of a target's candidates the one that does best in its trial.
std::optional<Evaluation> best_in_trial(RunContext& context,
                                        const std::vector<Evaluation>& candidates) {
  if (candidates.size() == 1) return candidates.front();
  const Workbench bench(context, context.config.threads);
  std::optional<Evaluation> best;
  double best_accuracy = -1;
  std::atomic<std::size_t> done = 0;
  for (const Evaluation& candidate : candidates) {
    TrainingProgress progress =
        design_progress(bench, "trial", "trial " + space::to_text(candidate.genome), done,
                        candidates.size(), context.config.final_training.trial_epochs);
    const std::optional<double> accuracy = trial_accuracy(bench, candidate, progress);
    if (!accuracy) return std::nullopt;
    if (*accuracy > best_accuracy) {
      best_accuracy = *accuracy;
      best = candidate;
    }
    ++done;
  }
  return best;
}

/// A design for each target that the search reached; two targets may share one, which then trains
/// for the longer time, in all else as the first one says.
std::vector<FinalDesign> choose_for_targets(RunContext& context) {
  const FinalConfig& config = context.config.final_training;
  std::vector<FinalDesign> designs;
  for (const FinalTarget& target : config.targets) {
    const std::vector<Evaluation> candidates = candidates_for(context, target);
    if (candidates.empty()) {
      context.progress.note(fmt::format("no evaluated design is within the target {}",
                                        fmt::join(target.within, ", ")));
    }
    const std::optional<Evaluation> best = best_in_trial(context, candidates);
    if (!best) continue;
    const double epochs = target.epochs > 0 ? target.epochs : config.epochs;
    const auto same = std::find_if(designs.begin(), designs.end(), [&](const FinalDesign& other) {
      return other.evaluation.genome == best->genome;
    });
    if (same != designs.end()) {
      same->epochs = std::max(same->epochs, epochs);
    } else {
      designs.push_back(
          {*best, epochs, target.teacher_weight.value_or(config.teacher_weight), target.training});
    }
  }
  return designs;
}

/// Designs of the front that are not `taken`, `wanted` of them where it has so many: the choice of
/// as few as leave that many, so that it reaches from end to end.
std::vector<Evaluation> others_from_front(const RunContext& context,
                                          const std::set<space::Genome>& taken,
                                          std::size_t wanted) {
  std::vector<Evaluation> others;
  for (std::size_t chosen = wanted; chosen <= wanted + taken.size(); ++chosen) {
    others = choose_from_front(context, chosen);
    std::erase_if(others, [&](const Evaluation& other) { return taken.contains(other.genome); });
    if (others.size() >= wanted) break;
  }
  if (others.size() > wanted) others.resize(wanted);
  return others;
}

/// The targets' designs, then those of the front that are not among them.
std::vector<FinalDesign> choose_designs(RunContext& context) {
  std::vector<FinalDesign> designs = choose_for_targets(context);
  const FinalConfig& config = context.config.final_training;
  std::set<space::Genome> taken;
  for (const FinalDesign& design : designs) taken.insert(design.evaluation.genome);
  const auto further = static_cast<std::size_t>(config.designs);
  for (const Evaluation& evaluation : others_from_front(context, taken, further)) {
    designs.push_back({evaluation, config.epochs, config.teacher_weight});
  }
  return designs;
}

/// Trains the chosen designs that the store does not hold, side by side. A teacher comes before all
/// that learn from it.
class FinalTrainings {
 public:
  FinalTrainings(RunContext& context, const std::vector<FinalDesign>& designs)
      : context_(context), designs_(designs) {}

  void run() {
    std::vector<base::Task> tasks;
    for (std::size_t i = 0; i < designs_.size(); ++i) {
      tasks.push_back({[this, i](int threads) { train(i, threads); }});
      if (has_teacher(i)) tasks.back().after = kTeacher;
    }
    base::run_side_by_side(tasks, context_.config.threads);
    if (!designs_.empty() && done_ == designs_.size()) forget_kept(context_, id_of(kTeacher));
  }

  static std::string id_of(std::size_t design) { return fmt::format("{:02}", design + 1); }
  static std::string document_of(std::size_t design) { return "final/" + id_of(design); }

 private:
  static constexpr std::size_t kTeacher = 0;

  bool has_teacher(std::size_t design) const {
    return design != kTeacher && designs_[design].teacher_weight > 0;
  }

  bool is_done(std::size_t design) const {
    const std::lock_guard lock(context_.mutex);
    return context_.store.get(document_of(design)).has_value();
  }

  void train(std::size_t design, int threads) {
    if (context_.progress.stop_requested()) return;
    if (!is_done(design)) {
      const Workbench bench(context_, threads);
      const std::string id = id_of(design);
      TrainingProgress progress = design_progress(bench, "training", "final " + id, done_,
                                                  designs_.size(), designs_[design].epochs);
      std::optional<std::filesystem::path> teacher;
      if (has_teacher(design)) teacher = teacher_file(context_, id_of(kTeacher));
      const auto record = train_design(bench, designs_[design], id, teacher, progress);
      if (!record) return;
      const std::lock_guard lock(context_.mutex);
      context_.store.put(
          {{document_of(design), store::to_json(*record)}, {"timings", context_.clock.seconds()}});
      if (design != kTeacher) forget_kept(context_, id);
    }
    ++done_;
    const std::lock_guard lock(context_.mutex);
    report_progress(context_, "training", static_cast<std::int64_t>(done_.load()),
                    static_cast<std::int64_t>(designs_.size()));
  }

  RunContext& context_;
  const std::vector<FinalDesign>& designs_;
  std::atomic<std::size_t> done_ = 0;
};

/// Marks the records that no other dominates on the validation images.
void mark_front(const RunContext& context, std::vector<store::FinalRecord>& records) {
  std::vector<Evaluation> evaluations(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    evaluations[i].genome = records[i].genome;
    evaluations[i].metrics = records[i].validation_metrics;
    records[i].on_front = false;
  }
  for (const std::size_t index : search::pareto_front(evaluations, context.objective)) {
    records[index].on_front = true;
  }
}

}  // namespace

Outcome run_final_stage(RunContext& context) {
  const std::vector<FinalDesign> designs = choose_designs(context);
  if (context.progress.stop_requested()) return Outcome::kStopped;
  FinalTrainings(context, designs).run();
  if (context.progress.stop_requested()) return Outcome::kStopped;
  std::vector<store::FinalRecord> records;
  for (std::size_t i = 0; i < designs.size(); ++i) {
    records.push_back(
        store::final_from_json(context.store.get(FinalTrainings::document_of(i)).value()));
  }
  mark_front(context, records);
  std::vector<std::pair<std::string, base::Json>> marked;
  for (std::size_t i = 0; i < records.size(); ++i) {
    marked.emplace_back(FinalTrainings::document_of(i), store::to_json(records[i]));
  }
  if (!marked.empty()) context.store.put(marked);
  return Outcome::kFinished;
}

}  // namespace gibbon::explore
