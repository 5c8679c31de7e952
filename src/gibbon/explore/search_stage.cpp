#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/initial_designs.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/stages.hpp"
#include "gibbon/predict/predictor.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searcher.hpp"
#include "gibbon/store/run_record.hpp"

namespace gibbon::explore {

namespace {

using space::Evaluation;
using space::Genome;
using space::Metric;
using space::Metrics;

std::int64_t designs_planned(const RunConfig& config) {
  return config.search.initial_designs +
         static_cast<std::int64_t>(config.search.iterations) * config.search.designs_per_iteration;
}

/// What is known of a design before it is simulated.
struct Screened {
  Metrics hardware;                ///< exact or predicted; the accuracy is not set
  std::optional<double> accuracy;  ///< not predicted where a constraint on hardware is missed

  /// Without a predicted accuracy it is 0, which no searcher prefers.
  Metrics metrics() const {
    Metrics metrics = hardware;
    metrics[Metric::kAccuracy] = accuracy.value_or(0.0);
    return metrics;
  }
};

/// Thrown through a searcher whose designs are screened when a stop is asked for.
struct Stopped {};

/// The search loop with its parts and what it must remember between iterations.
class Search {
 public:
  explicit Search(RunContext& context)
      : context_(context),
        evaluator_(context.config, context.space, *context.simulator, context.calibration,
                   context.scoring, context.store, context.clock),
        searcher_(search::make_searcher(context.config.search.searcher, context.space,
                                        context.objective, searcher_options(context.config))) {
    if (context.config.predictor.enabled) {
      predictor_ = predict::make_predictor(context.config.predictor.model, context.space,
                                           predictor_options(context.config));
    }
  }

  Outcome run() {
    int iteration = restore();
    constexpr double kSecondsPerDesignGuess = 0.5;
    context_.clock.plan("search",
                        static_cast<double>(designs_planned(context_.config)) -
                            static_cast<double>(context_.evaluations.size()),
                        kSecondsPerDesignGuess);
    try {
      for (; iteration <= context_.config.search.iterations; ++iteration) {
        if (!run_iteration(iteration)) return Outcome::kStopped;
      }
    } catch (const Stopped&) {
      return Outcome::kStopped;
    }
    return Outcome::kFinished;
  }

 private:
  bool run_iteration(int iteration);
  void draw_front();
  std::vector<Evaluation> evaluate(const std::vector<Genome>& genomes);
  std::vector<std::optional<Screened>> screen(std::span<const Genome> genomes);
  Screened before_accuracy(const Metrics& hardware, const predict::Prediction& prediction);
  bool needs_one_shot(const Screened& design, const predict::Prediction& prediction) const;
  std::vector<Genome> draft(std::span<const Genome> genomes,
                            std::span<const predict::Prediction> predictions);
  void add_accuracy(const Genome& genome, const predict::Prediction& prediction, Screened& design);
  std::vector<std::optional<Metrics>> predict(std::span<const Genome> genomes);
  store::IterationRecord record(int iteration, std::span<const Evaluation> fresh,
                                double seconds) const;
  void checkpoint(int iteration, const store::IterationRecord& record);
  int restore();

  RunContext& context_;
  Evaluator evaluator_;
  std::unique_ptr<search::Searcher> searcher_;
  std::unique_ptr<predict::Predictor> predictor_;
  std::map<Genome, std::optional<Screened>> screened_;  // of the iteration under way
};

/// Nothing for a design that cannot be built.
std::vector<std::optional<Screened>> Search::screen(std::span<const Genome> genomes) {
  const std::vector<predict::Prediction> predictions = [&] {
    const auto measure = context_.clock.measure("predictor");
    return predictor_->predict(genomes);
  }();
  const std::vector<Genome> worth = draft(genomes, predictions);
  const auto go_on = [&] { return !context_.progress.stop_requested(); };
  if (!evaluator_.prepare_one_shot(worth, go_on)) throw Stopped();
  std::vector<std::optional<Screened>> result;
  result.reserve(genomes.size());
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    std::optional<Screened>& design = screened_.at(genomes[i]);
    if (design && !design->accuracy) add_accuracy(genomes[i], predictions[i], *design);
    result.push_back(design);
  }
  return result;
}

/// Exact or predicted, as the run has it.
Screened Search::before_accuracy(const Metrics& hardware, const predict::Prediction& prediction) {
  const bool exact = context_.config.predictor.hardware == "exact";
  return {exact ? hardware : prediction.hardware, std::nullopt};
}

/// Cheapest first: what misses a constraint on hardware is not worth a one-shot accuracy.
bool Search::needs_one_shot(const Screened& design, const predict::Prediction& prediction) const {
  return context_.objective.hardware_violation(design.hardware) == 0.0 &&
         prediction.accuracy_share != 0;
}

/// Remembers what the hardware tells of designs not seen yet; of these, which ask for a one-shot
/// accuracy.
std::vector<Genome> Search::draft(std::span<const Genome> genomes,
                                  std::span<const predict::Prediction> predictions) {
  std::vector<Genome> worth;
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    const auto [design, is_new] = screened_.try_emplace(genomes[i]);
    if (!is_new) continue;
    const auto hardware = evaluator_.hardware(genomes[i]);
    if (!hardware) continue;
    design->second = before_accuracy(*hardware, predictions[i]);
    if (needs_one_shot(*design->second, predictions[i])) worth.push_back(genomes[i]);
  }
  return worth;
}

void Search::add_accuracy(const Genome& genome, const predict::Prediction& prediction,
                          Screened& design) {
  if (context_.objective.hardware_violation(design.hardware) > 0.0) return;
  const bool needs_base = needs_one_shot(design, prediction);
  design.accuracy = prediction.accuracy(needs_base ? evaluator_.one_shot_accuracy(genome) : 0.0);
}

/// Complete predictions only.
std::vector<std::optional<Metrics>> Search::predict(std::span<const Genome> genomes) {
  std::vector<std::optional<Metrics>> predicted(genomes.size());
  if (!predictor_ || !predictor_->is_ready()) return predicted;
  const std::vector<std::optional<Screened>> designs = screen(genomes);
  for (std::size_t i = 0; i < designs.size(); ++i) {
    if (designs[i] && designs[i]->accuracy) predicted[i] = designs[i]->metrics();
  }
  return predicted;
}

/// The front so far, as curves over the designs evaluated.
void Search::draw_front() {
  const FrontFigures& figures = front_figures(context_);
  const auto designs = static_cast<std::int64_t>(context_.evaluations.size());
  context_.progress.point("search/hypervolume", designs, figures.hypervolume);
  for (const auto& [metric, value] : figures.best) {
    context_.progress.point(fmt::format("search/best_{}", metric_key(metric)), designs, value);
  }
}

/// Fewer than asked for where a stop was.
std::vector<Evaluation> Search::evaluate(const std::vector<Genome>& genomes) {
  const std::vector<std::optional<Metrics>> predicted = predict(genomes);
  std::vector<Evaluation> fresh;
  auto before = std::chrono::steady_clock::now();
  evaluator_.evaluate(genomes, predicted, [&](Evaluation evaluation) {
    const auto now = std::chrono::steady_clock::now();
    context_.clock.done("search", 1, std::chrono::duration<double>(now - before).count());
    before = now;
    fresh.push_back(evaluation);
    context_.evaluations.push_back(std::move(evaluation));
    report_progress(context_, "search", static_cast<std::int64_t>(context_.evaluations.size()),
                    designs_planned(context_.config));
    return !context_.progress.stop_requested();
  });
  return fresh;
}

bool Search::run_iteration(int iteration) {
  const auto start = std::chrono::steady_clock::now();
  if (iteration > 0) train_supernet_further(context_, iteration);
  if (context_.progress.stop_requested()) return false;
  evaluator_.use_weights(*context_.supernet, iteration);
  screened_.clear();

  std::vector<Genome> genomes;
  if (iteration == 0) {
    genomes = initial_designs(context_, evaluator_);
  } else {
    search::AskContext ask;
    ask.count = context_.config.search.designs_per_iteration;
    if (predictor_ && predictor_->is_ready()) {
      ask.screen = [this](std::span<const Genome> candidates) {
        std::vector<std::optional<Metrics>> metrics;
        for (const std::optional<Screened>& design : screen(candidates)) {
          metrics.push_back(design ? std::optional(design->metrics()) : std::nullopt);
        }
        return metrics;
      };
    }
    genomes = searcher_->ask(ask);
  }
  const std::vector<Evaluation> fresh = evaluate(genomes);
  if (context_.progress.stop_requested()) return false;
  searcher_->tell(fresh);
  draw_front();
  if (predictor_) {
    const auto measure = context_.clock.measure("predictor");
    const bool any_feasible = std::any_of(context_.evaluations.begin(), context_.evaluations.end(),
                                          [](const Evaluation& e) { return e.feasible(); });
    if (any_feasible) predictor_->fit(context_.evaluations);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  checkpoint(iteration, record(iteration, fresh, seconds.count()));
  return true;
}

store::IterationRecord Search::record(int iteration, std::span<const Evaluation> fresh,
                                      double seconds) const {
  store::IterationRecord record;
  record.iteration = iteration;
  record.evaluated = static_cast<std::int64_t>(context_.evaluations.size());
  record.hypervolume = front_figures(context_).hypervolume;
  record.best = front_figures(context_).best;
  record.searcher_statistics = searcher_->statistics();
  const predict::PredictorQuality quality = predict::measure_quality(fresh);
  record.predicted_count = quality.count;
  record.accuracy_kendall_tau = quality.accuracy_kendall_tau;
  record.accuracy_mean_abs_error = quality.accuracy_mean_abs_error;
  record.latency_relative_error = quality.latency_relative_error;
  record.energy_relative_error = quality.energy_relative_error;
  record.area_relative_error = quality.area_relative_error;
  record.seconds = seconds;
  return record;
}

/// Weights first, then in one step all documents that say that the iteration is finished.
void Search::checkpoint(int iteration, const store::IterationRecord& record) {
  const std::string supernet = fmt::format("supernet-iteration-{:04}.pt", iteration);
  const std::string predictor = fmt::format("predictor-iteration-{:04}", iteration);
  context_.supernet->save(context_.paths.checkpoints / supernet);
  const bool has_predictor = predictor_ && predictor_->is_ready();
  if (has_predictor) predictor_->save(context_.paths.checkpoints / predictor);
  const auto previous = context_.store.get("checkpoint");
  context_.store.put({{fmt::format("iteration/{:04}", iteration), store::to_json(record)},
                      {"timings", context_.clock.seconds()},
                      {"checkpoint",
                       {{"iteration", iteration},
                        {"supernet", supernet},
                        {"predictor", has_predictor ? predictor : ""},
                        {"searcher", searcher_->state()}}}});
  if (!previous) return;
  std::filesystem::remove(context_.paths.checkpoints / previous->at("supernet").get<std::string>());
  const auto old_predictor = previous->at("predictor").get<std::string>();
  if (!old_predictor.empty()) std::filesystem::remove(context_.paths.checkpoints / old_predictor);
}

/// Returns the iteration to go on with. Evaluations of a broken-off iteration stay in the store,
/// where the evaluator finds them.
int Search::restore() {
  const auto document = context_.store.get("checkpoint");
  if (!document) return 0;
  const int iteration = document->at("iteration").get<int>();
  context_.supernet->load(context_.paths.checkpoints / document->at("supernet").get<std::string>());
  const auto predictor = document->at("predictor").get<std::string>();
  if (predictor_ && !predictor.empty()) predictor_->load(context_.paths.checkpoints / predictor);
  searcher_->restore(document->at("searcher"));
  for (const store::StoredEvaluation& stored : context_.store.evaluations()) {
    if (stored.evaluation.iteration <= iteration) {
      context_.evaluations.push_back(stored.evaluation);
    }
  }
  return iteration + 1;
}

[[noreturn]] void refuse_for_want_of_feasible(const RunContext& context) {
  const Evaluation* closest = nullptr;
  for (const Evaluation& evaluation : context.evaluations) {
    if (evaluation.metrics[Metric::kArea] == 0.0) continue;  // could not be built at all
    if (closest == nullptr || context.objective.violation(evaluation.metrics) <
                                  context.objective.violation(closest->metrics)) {
      closest = &evaluation;
    }
  }
  if (closest == nullptr) throw base::Error("no feasible design; none could be built");
  std::string misses;
  for (const space::Constraint& constraint : context.objective.constraints) {
    if (constraint.violation(closest->metrics) == 0.0) continue;
    misses +=
        fmt::format("{}{} = {:.6g} ({})", misses.empty() ? "" : ", ", metric_key(constraint.metric),
                    closest->metrics[constraint.metric], space::to_text(constraint));
  }
  throw base::Error(fmt::format("no feasible design; closest is {} with {}",
                                space::to_text(closest->genome), misses));
}

}  // namespace

Outcome run_search_stage(RunContext& context) {
  const Outcome outcome = Search(context).run();
  if (outcome == Outcome::kFinished &&
      search::pareto_front(context.evaluations, context.objective).empty()) {
    refuse_for_want_of_feasible(context);
  }
  return outcome;
}

}  // namespace gibbon::explore
