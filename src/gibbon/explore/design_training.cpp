#include "gibbon/explore/design_training.hpp"

#include <algorithm>

#include "gibbon/explore/chip_accuracy.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/crossbar_calibration.hpp"

namespace gibbon::explore {

namespace {

using space::Metric;

double simulated_accuracy(const Workbench& bench, const nn::TrainedNetwork& trained,
                          const hw::HardwareConfig& hardware, const data::ImageSet& images,
                          int limit) {
  return chip_accuracy(bench.config, *bench.run.simulator, trained, hardware, images, limit);
}

/// A trained network on its chip, with its accuracy on all validation images.
struct Judged {
  nn::TrainedNetwork network;
  double accuracy = 0;
};

Judged judged(const Workbench& bench, nn::TrainedNetwork trained,
              const hw::HardwareConfig& hardware) {
  const data::ImageSet& images = bench.run.validation;
  const double accuracy = simulated_accuracy(bench, trained, hardware, images, images.count());
  return {std::move(trained), accuracy};
}

/// With batch norms and output ranges as the design's own crossbars ask for (from training images)
/// where the validation images say that this helps: converters of many bits leave little to mend.
Judged fitted_to_crossbars(const Workbench& bench, const nn::TrainedNetwork& trained,
                           const hw::HardwareConfig& hardware) {
  Judged as_trained = judged(bench, trained, hardware);
  const int images =
      std::min(bench.config.final_training.calibration_images, bench.run.train.count());
  if (images == 0 || bench.run.simulator->is_exact()) return as_trained;
  sim::CalibrationOptions options;
  options.accuracy = accuracy_options(bench.config);
  Judged fitted =
      judged(bench,
             sim::calibrate_to_crossbars(trained, hardware,
                                         data::make_batch(bench.run.train, 0, images), options),
             hardware);
  return fitted.accuracy > as_trained.accuracy ? fitted : as_trained;
}

/// The design trained alone, or with the answers of a `teacher`; unfinished where a stop was asked
/// for.
nn::TrainedNetwork trained_alone(const Workbench& bench, const FinalDesign& chosen,
                                 const space::Design& design,
                                 const std::optional<std::filesystem::path>& teacher,
                                 base::Progress& progress) {
  const FinalConfig& config = bench.config.final_training;
  std::optional<nn::TrainedNetwork> start;
  if (config.from_supernet) {
    start =
        bench.run.supernet->extract(design.network, bench.run.calibration, bench.config.threads);
  }
  train::FinalTrainOptions options =
      final_options(bench.config, bench.config.seed ^ space::hash_of(chosen.evaluation.genome));
  options.epochs = chosen.epochs;
  take_own(chosen.training, options);
  if (config.pim_aware_epochs > 0) {
    options.pim =
        train::PimTraining{.hardware = design.hardware, .accuracy = accuracy_options(bench.config)};
    options.pim->epochs = std::min(config.pim_aware_epochs, chosen.epochs);
    options.pim->pass = train::pim_pass_of(config.pim_pass);
  }
  if (teacher) {
    options.distillation = train::Distillation{.teacher = nn::load_trained_network(*teacher)};
    options.distillation->weight = chosen.teacher_weight;
  }
  const auto measure = bench.run.clock.measure("final training", bench.share);
  return train::train_network(design.network, bench.run.train, start, options, progress);
}

/// A network that was trained and not measured.
std::filesystem::path kept_file(const RunContext& run, const std::string& id) {
  return run.paths.checkpoints / ("final-" + id + ".gibbon");
}
std::string kept_document(const std::string& id) {
  return "trained/" + id;
}

std::optional<nn::TrainedNetwork> kept(RunContext& run, const FinalDesign& chosen,
                                       const std::string& id) {
  const std::lock_guard lock(run.mutex);
  const auto genome = run.store.get(kept_document(id));
  if (!genome || *genome != space::to_text(chosen.evaluation.genome)) return std::nullopt;
  return nn::load_trained_network(kept_file(run, id));
}

/// Keeps what took an hour, so that a run broken off while it measures need not train again.
void keep(RunContext& run, const FinalDesign& chosen, const std::string& id,
          const nn::TrainedNetwork& trained) {
  nn::save(trained, kept_file(run, id));
  const std::lock_guard lock(run.mutex);
  run.store.put({{kept_document(id), base::Json(space::to_text(chosen.evaluation.genome))}});
}

}  // namespace

std::filesystem::path teacher_file(const RunContext& run, const std::string& id) {
  const std::filesystem::path as_trained = kept_file(run, id);
  return std::filesystem::exists(as_trained) ? as_trained : model_file(run, id);
}

void forget_kept(const RunContext& run, const std::string& id) {
  std::filesystem::remove(kept_file(run, id));
}

TrainingProgress design_progress(const Workbench& bench, const char* stage,
                                 const std::string& curves, const std::atomic<std::size_t>& done,
                                 std::size_t designs, double epochs) {
  const auto epochs_done = [epochs](const base::ProgressUpdate& update) {
    return update.total > 0
               ? epochs * static_cast<double>(update.done) / static_cast<double>(update.total)
               : 0.0;
  };
  RunContext& context = bench.run;
  const auto show = [&context, stage, &done, designs](const auto&) {
    report_progress(context, stage, static_cast<std::int64_t>(done.load()),
                    static_cast<std::int64_t>(designs));
  };
  return {context, "final training", curves, 0.0, epochs_done, show, bench.share};
}

std::optional<double> trial_accuracy(const Workbench& bench, const space::Evaluation& candidate,
                                     base::Progress& progress) {
  const std::string document = "trial/" + space::to_text(candidate.genome);
  if (const auto known = bench.run.store.get(document)) return known->get<double>();
  const space::Design design = bench.run.space.decode(candidate.genome).value();
  const nn::TrainedNetwork trained = trained_alone(
      bench, {candidate, bench.config.final_training.trial_epochs}, design, std::nullopt, progress);
  if (progress.stop_requested()) return std::nullopt;
  const auto measure = bench.run.clock.measure("final simulation", bench.share);
  const double accuracy = fitted_to_crossbars(bench, trained, design.hardware).accuracy;
  bench.run.store.put({{document, base::Json(accuracy)}});
  return accuracy;
}

std::filesystem::path model_file(const RunContext& context, const std::string& id) {
  return context.paths.models / (id + ".gibbon");
}

std::optional<store::FinalRecord> train_design(const Workbench& bench, const FinalDesign& chosen,
                                               const std::string& id,
                                               const std::optional<std::filesystem::path>& teacher,
                                               base::Progress& progress) {
  const RunContext& run = bench.run;
  const space::Evaluation& evaluation = chosen.evaluation;
  const space::Design design = run.space.decode(evaluation.genome).value();
  std::optional<nn::TrainedNetwork> fresh = kept(bench.run, chosen, id);
  if (!fresh) {
    fresh = trained_alone(bench, chosen, design, teacher, progress);
    if (progress.stop_requested()) return std::nullopt;
    keep(bench.run, chosen, id, *fresh);
  }

  store::FinalRecord record;
  record.quantized_test_accuracy =
      train::quantized_accuracy(*fresh, run.test, bench.config.threads);
  const auto measure = bench.run.clock.measure("final simulation", bench.share);
  const Judged fitted = fitted_to_crossbars(bench, *fresh, design.hardware);
  if (progress.stop_requested()) return std::nullopt;
  const nn::TrainedNetwork& trained = fitted.network;
  nn::save(trained, model_file(run, id));
  record.id = id;
  record.genome = evaluation.genome;
  record.one_shot_accuracy = evaluation.one_shot_accuracy;
  record.search_accuracy = evaluation.metrics[Metric::kAccuracy];
  record.simulation = run.simulator->simulate(design.network, design.hardware).value();
  record.validation_metrics = metrics_of(sim::summarize(record.simulation));
  record.metrics = record.validation_metrics;
  record.validation_metrics[Metric::kAccuracy] = fitted.accuracy;
  record.test_images = std::min(bench.config.final_training.test_images, run.test.count());
  record.metrics[Metric::kAccuracy] =
      simulated_accuracy(bench, trained, design.hardware, run.test, record.test_images);
  record.network = nn::to_json(design.network);
  record.hardware = hw::to_json(design.hardware);
  return record;
}

}  // namespace gibbon::explore
