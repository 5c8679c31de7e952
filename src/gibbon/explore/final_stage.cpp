#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "gibbon/explore/chip_accuracy.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/final_choice.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/stages.hpp"
#include "gibbon/explore/training_progress.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/sim/crossbar_calibration.hpp"
#include "gibbon/store/run_record.hpp"

namespace gibbon::explore {

namespace {

using space::Evaluation;
using space::Metric;

/// A design to train, and for how long.
struct FinalDesign {
  Evaluation evaluation;
  double epochs = 0;
  std::optional<int> crop_padding = {};  ///< as FinalTarget's
};

double simulated_accuracy(const RunContext& context, const nn::TrainedNetwork& trained,
                          const hw::HardwareConfig& hardware, const data::ImageSet& images,
                          int limit) {
  return chip_accuracy(context.config, *context.simulator, trained, hardware, images, limit);
}

/// A trained network on its chip, with its accuracy on all validation images.
struct Judged {
  nn::TrainedNetwork network;
  double accuracy = 0;
};

Judged judged(const RunContext& context, nn::TrainedNetwork trained,
              const hw::HardwareConfig& hardware) {
  const double accuracy = simulated_accuracy(context, trained, hardware, context.validation,
                                             context.validation.count());
  return {std::move(trained), accuracy};
}

/// With batch norms and output ranges as the design's own crossbars ask for (from training images)
/// where the validation images say that this helps: converters of many bits leave little to mend.
Judged fitted_to_crossbars(const RunContext& context, const nn::TrainedNetwork& trained,
                           const hw::HardwareConfig& hardware) {
  Judged as_trained = judged(context, trained, hardware);
  const int images =
      std::min(context.config.final_training.calibration_images, context.train.count());
  if (images == 0 || context.simulator->is_exact()) return as_trained;
  sim::CalibrationOptions options;
  options.accuracy = accuracy_options(context.config);
  Judged fitted =
      judged(context,
             sim::calibrate_to_crossbars(trained, hardware,
                                         data::make_batch(context.train, 0, images), options),
             hardware);
  return fitted.accuracy > as_trained.accuracy ? fitted : as_trained;
}

/// Shows the designs that are done; the epochs of the one under way count in the time left.
TrainingProgress design_progress(RunContext& context, const char* stage, const std::string& curves,
                                 std::size_t done, std::size_t designs, double epochs) {
  const auto epochs_done = [epochs](const base::ProgressUpdate& update) {
    return update.total > 0
               ? epochs * static_cast<double>(update.done) / static_cast<double>(update.total)
               : 0.0;
  };
  return {context,
          "final training",
          curves,
          0.0,
          epochs_done,
          [&context, stage, done, designs](const auto&) {
            report_progress(context, stage, static_cast<std::int64_t>(done),
                            static_cast<std::int64_t>(designs));
          }};
}

/// The design trained alone, or with the answers of a `teacher`; unfinished where a stop was asked
/// for.
nn::TrainedNetwork trained_alone(RunContext& context, const FinalDesign& chosen,
                                 const space::Design& design,
                                 const std::optional<std::filesystem::path>& teacher,
                                 base::Progress& progress) {
  const FinalConfig& config = context.config.final_training;
  std::optional<nn::TrainedNetwork> start;
  if (config.from_supernet) {
    start = context.supernet->extract(design.network, context.calibration);
  }
  train::FinalTrainOptions options =
      final_options(context.config, context.config.seed ^ space::hash_of(chosen.evaluation.genome));
  options.epochs = chosen.epochs;
  if (chosen.crop_padding) options.base.augmentation.crop_padding = *chosen.crop_padding;
  if (config.pim_aware_epochs > 0) {
    options.pim = train::PimTraining{.hardware = design.hardware,
                                     .accuracy = accuracy_options(context.config)};
    options.pim->epochs = std::min(config.pim_aware_epochs, chosen.epochs);
    options.pim->pass = train::pim_pass_of(config.pim_pass);
  }
  if (teacher) {
    options.distillation = train::Distillation{.teacher = nn::load_trained_network(*teacher)};
    options.distillation->weight = config.teacher_weight;
  }
  const auto measure = context.clock.measure("final training");
  return train::train_network(design.network, context.train, start, options, progress);
}

/// Accuracy on the validation images after a short training; kept in the store, as trials take
/// time. Nothing where a stop was asked for.
std::optional<double> trial_accuracy(RunContext& context, const Evaluation& candidate,
                                     base::Progress& progress) {
  const std::string document = "trial/" + space::to_text(candidate.genome);
  if (const auto known = context.store.get(document)) return known->get<double>();
  const space::Design design = context.space.decode(candidate.genome).value();
  const nn::TrainedNetwork trained =
      trained_alone(context, {candidate, context.config.final_training.trial_epochs}, design,
                    std::nullopt, progress);
  if (progress.stop_requested()) return std::nullopt;
  const auto measure = context.clock.measure("final simulation");
  const double accuracy = judged(context, trained, design.hardware).accuracy;
  context.store.put({{document, base::Json(accuracy)}});
  return accuracy;
}

/// Of a target's candidates the one that does best in its trial.
std::optional<Evaluation> best_in_trial(RunContext& context,
                                        const std::vector<Evaluation>& candidates) {
  if (candidates.size() == 1) return candidates.front();
  std::optional<Evaluation> best;
  double best_accuracy = -1;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    TrainingProgress progress =
        design_progress(context, "trial", "trial " + space::to_text(candidates[i].genome), i,
                        candidates.size(), context.config.final_training.trial_epochs);
    const std::optional<double> accuracy = trial_accuracy(context, candidates[i], progress);
    if (!accuracy) return std::nullopt;
    if (*accuracy > best_accuracy) {
      best_accuracy = *accuracy;
      best = candidates[i];
    }
  }
  return best;
}

/// A design for each target that the search reached; two targets may share one, which then trains
/// for the longer time, on the first one's crops.
std::vector<FinalDesign> choose_for_targets(RunContext& context) {
  const FinalConfig& config = context.config.final_training;
  std::vector<FinalDesign> designs;
  for (const FinalTarget& target : config.targets) {
    const std::vector<Evaluation> candidates =
        most_promising_within(context, target, static_cast<std::size_t>(config.candidates));
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
      designs.push_back({*best, epochs, target.crop_padding});
    }
  }
  return designs;
}

/// The targets' designs, then those of the front that are not among them.
std::vector<FinalDesign> choose_designs(RunContext& context) {
  std::vector<FinalDesign> designs = choose_for_targets(context);
  const auto further = static_cast<std::size_t>(context.config.final_training.designs);
  std::set<space::Genome> taken;
  for (const FinalDesign& design : designs) taken.insert(design.evaluation.genome);
  const std::size_t wanted = designs.size() + further;
  for (const Evaluation& evaluation : choose_from_front(context, wanted)) {
    if (designs.size() == wanted) break;
    if (!taken.insert(evaluation.genome).second) continue;
    designs.push_back({evaluation, context.config.final_training.epochs});
  }
  return designs;
}

std::filesystem::path model_file(const RunContext& context, const std::string& id) {
  return context.paths.models / (id + ".gibbon");
}

/// Trains one design and measures it; the test images are read here and nowhere else.
store::FinalRecord train_design(RunContext& context, const FinalDesign& final_design,
                                const std::string& id,
                                const std::optional<std::filesystem::path>& teacher,
                                base::Progress& progress) {
  const Evaluation& evaluation = final_design.evaluation;
  const space::Design design = context.space.decode(evaluation.genome).value();
  const nn::TrainedNetwork fresh = trained_alone(context, final_design, design, teacher, progress);

  store::FinalRecord record;
  if (progress.stop_requested()) return record;
  record.quantized_test_accuracy =
      train::quantized_accuracy(fresh, context.test, context.config.threads);
  const auto measure = context.clock.measure("final simulation");
  const Judged fitted = fitted_to_crossbars(context, fresh, design.hardware);
  const nn::TrainedNetwork& trained = fitted.network;
  nn::save(trained, model_file(context, id));
  record.id = id;
  record.genome = evaluation.genome;
  record.one_shot_accuracy = evaluation.one_shot_accuracy;
  record.search_accuracy = evaluation.metrics[Metric::kAccuracy];
  record.simulation = context.simulator->simulate(design.network, design.hardware).value();
  record.validation_metrics = metrics_of(sim::summarize(record.simulation));
  record.metrics = record.validation_metrics;
  record.validation_metrics[Metric::kAccuracy] = fitted.accuracy;
  record.test_images = std::min(context.config.final_training.test_images, context.test.count());
  record.metrics[Metric::kAccuracy] =
      simulated_accuracy(context, trained, design.hardware, context.test, record.test_images);
  record.network = nn::to_json(design.network);
  record.hardware = hw::to_json(design.hardware);
  return record;
}

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
  std::vector<store::FinalRecord> records;
  std::vector<std::string> documents;
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const std::string id = fmt::format("{:02}", i + 1);
    documents.push_back("final/" + id);
    if (const auto document = context.store.get(documents.back())) {
      records.push_back(store::final_from_json(*document));
      continue;
    }
    TrainingProgress progress =
        design_progress(context, "training", "final " + id, i, designs.size(), designs[i].epochs);
    std::optional<std::filesystem::path> teacher;
    if (i > 0 && context.config.final_training.teacher_weight > 0) {
      teacher = model_file(context, records.front().id);
    }
    const store::FinalRecord record = train_design(context, designs[i], id, teacher, progress);
    if (context.progress.stop_requested()) return Outcome::kStopped;
    records.push_back(record);
    context.store.put(
        {{documents.back(), store::to_json(record)}, {"timings", context.clock.seconds()}});
    report_progress(context, "training", static_cast<std::int64_t>(i) + 1,
                    static_cast<std::int64_t>(designs.size()));
  }
  mark_front(context, records);
  std::vector<std::pair<std::string, base::Json>> marked;
  for (std::size_t i = 0; i < records.size(); ++i) {
    marked.emplace_back(documents[i], store::to_json(records[i]));
  }
  if (!marked.empty()) context.store.put(marked);
  return Outcome::kFinished;
}

}  // namespace gibbon::explore
