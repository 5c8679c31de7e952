#include "gibbon/app/config/final_keys.hpp"

#include <functional>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gibbon/app/config/key_kinds.hpp"
#include "gibbon/data/augmentation.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::app::keys {

namespace {

std::map<std::string, double> read_genes(const YamlValue& value) {
  constexpr double kMost = 1e6;
  if (!value.is_map()) value.refuse("a map of genes and values");
  std::map<std::string, double> genes;
  for (const auto& [name, line] : value.keys()) {
    genes[name] = value.child(name).value().number(0, kMost);
  }
  return genes;
}

using explore::OwnTraining;

/// A key of a target that says how its design trains.
struct OwnKey {
  std::string name;
  std::function<void(const YamlValue&, OwnTraining&)> read;
  std::function<std::optional<std::string>(const OwnTraining&)> write;
};

template <typename T>
OwnKey own_key(const char* name, std::optional<T> OwnTraining::*field,
               std::function<T(const YamlValue&)> read) {
  return {name, [=](const YamlValue& value, OwnTraining& own) { own.*field = read(value); },
          [=](const OwnTraining& own) {
            return own.*field ? std::optional(fmt::format("{}", *(own.*field))) : std::nullopt;
          }};
}

OwnKey own_whole(const char* name, std::optional<int> OwnTraining::*field, int most) {
  return own_key<int>(name, field,
                      [=](const YamlValue& v) { return static_cast<int>(v.integer(0, most)); });
}

OwnKey own_number(const char* name, std::optional<double> OwnTraining::*field, double most) {
  return own_key<double>(name, field, [=](const YamlValue& v) { return v.number(0, most); });
}

OwnKey own_choice(const char* name, std::optional<std::string> OwnTraining::*field,
                  const std::vector<std::string>& allowed) {
  return own_key<std::string>(name, field, [=](const YamlValue& v) { return v.one_of(allowed); });
}

const std::vector<OwnKey>& own_keys() {
  static const std::vector<OwnKey> keys{
      own_whole("crop_padding", &OwnTraining::crop_padding, kMostPadding),
      own_choice("padding", &OwnTraining::padding, base::names_of(data::kPaddingModes)),
      own_whole("cutout", &OwnTraining::cutout, kMostCutout),
      own_number("weight_decay", &OwnTraining::weight_decay, 1),
      own_number("skip_easy", &OwnTraining::skip_easy, train::kMostSkipped),
      own_number("plain_share", &OwnTraining::plain_share, 1),
      own_number("average_share", &OwnTraining::average_share, 1),
      own_number("average_rate", &OwnTraining::average_rate, 1),
      own_number("small_crop_share", &OwnTraining::small_crop_share, 1)};
  return keys;
}

explore::FinalTarget read_target(const YamlValue& value) {
  explore::FinalTarget target;
  YamlMap map = value.map();
  const auto within = map.require("within", "bounds such as \"edp_ms_mj <= 0.12\"");
  const auto epochs = map.find("epochs");
  const auto genes = map.find("genes");
  const auto teacher_weight = map.find("teacher_weight");
  std::vector<std::optional<YamlValue>> own;
  for (const OwnKey& key : own_keys()) own.push_back(map.find(key.name));
  map.finish();
  target.within = checked_texts(*within, 1, check_constraint);
  if (epochs) target.epochs = epochs->number(0.01, 10000);
  if (genes) target.genes = read_genes(*genes);
  if (teacher_weight) target.teacher_weight = teacher_weight->number(0, 1);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i]) own_keys()[i].read(*own[i], target.training);
  }
  return target;
}

std::string written(const explore::FinalTarget& target) {
  std::vector<std::string> bounds;
  for (const std::string& bound : target.within) bounds.push_back(yaml_scalar(bound));
  std::string text = fmt::format("{{within: [{}]", fmt::join(bounds, ", "));
  if (target.epochs > 0) text += fmt::format(", epochs: {}", target.epochs);
  if (!target.genes.empty()) {
    std::vector<std::string> genes;
    for (const auto& [name, choice] : target.genes) {
      genes.push_back(fmt::format("{}: {}", yaml_scalar(name), choice));
    }
    text += fmt::format(", genes: {{{}}}", fmt::join(genes, ", "));
  }
  if (target.teacher_weight) text += fmt::format(", teacher_weight: {}", *target.teacher_weight);
  for (const OwnKey& key : own_keys()) {
    if (const auto own = key.write(target.training))
      text += fmt::format(", {}: {}", key.name, *own);
  }
  return text + "}";
}

ConfigKey targets_key() {
  return {"final.targets",
          "Corners to reach: each trains the most accurate design within its bounds",
          "a list of {within: [\"edp_ms_mj <= 0.12\", ...], epochs: 20, genes: {hardware.adc_bits: "
          "8}, teacher_weight: 0, crop_padding: 0, padding: reflect, cutout: 8, weight_decay: "
          "0.0005, skip_easy: 0.5, plain_share: 0.2, average_share: 0.2, average_rate: 0.2, "
          "small_crop_share: 0.4}",
          [](const YamlValue& value, RunConfig& config) {
            config.final_training.targets.clear();
            for (const YamlValue& item : value.list()) {
              config.final_training.targets.push_back(read_target(item));
            }
          },
          [](const RunConfig& config) {
            std::vector<std::string> targets;
            for (const auto& target : config.final_training.targets) {
              targets.push_back(written(target));
            }
            return fmt::format("[{}]", fmt::join(targets, ", "));
          }};
}

}  // namespace

std::vector<ConfigKey> final_keys() {
  std::vector<ConfigKey> keys = {
      choice(
          "final.choose",
          "Which designs: spread along the accurate part of the front, or the best by each metric",
          [](RunConfig & c) -> auto& { return c.final_training.choose; }, {"front", "best"}),
      targets_key(),
      number(
          "final.accuracy_margin",
          "Of a target's designs within so many points of the best the largest comes first",
          [](RunConfig & c) -> auto& { return c.final_training.accuracy_margin; }, 0, 100),
      choice("final.chips",
             "A target's chip: the search's, or the one of least converter noise within its bounds",
             [](RunConfig & c) -> auto& { return c.final_training.chips; },
             {"searched", "quietest"}),
      whole<int>(
          "final.candidates", "Designs of a target that are tried; the best is trained to the end",
          [](RunConfig & c) -> auto& { return c.final_training.candidates; }, 1, 1000),
      number(
          "final.trial_epochs", "Passes over the training split, for each candidate's trial",
          [](RunConfig & c) -> auto& { return c.final_training.trial_epochs; }, 0.01, 10000),
      whole<int>(
          "final.designs", "How many besides those of the targets; 0: none",
          [](RunConfig & c) -> auto& { return c.final_training.designs; }, 0, 10000),
      number(
          "final.epochs", "Passes over the training split, for each",
          [](RunConfig & c) -> auto& { return c.final_training.epochs; }, 0.01, 10000),
      whole<int>(
          "final.batch_size", "Images a step",
          [](RunConfig & c) -> auto& { return c.final_training.batch_size; }, 2, 65536),
      number(
          "final.learning_rate", "Peak of the one-cycle schedule",
          [](RunConfig & c) -> auto& { return c.final_training.learning_rate; }, 1e-6, 10),
      muon_key(
          "final", [](RunConfig & c) -> auto& { return c.final_training.muon_rate; }),
      number(
          "final.skip_easy",
          "Of the images whose last loss was below the mean, the share that an epoch leaves out",
          [](RunConfig & c) -> auto& { return c.final_training.skip_easy; }, 0,
          train::kMostSkipped),
      number(
          "final.plain_share",
          "Of the steps, the last so many see all images, where they are and whole",
          [](RunConfig & c) -> auto& { return c.final_training.plain_share; }, 0, 1),
      number(
          "final.average_share",
          "Of the steps: over the last so many the weights' mean is taken, and rates hold",
          [](RunConfig & c) -> auto& { return c.final_training.average_share; }, 0, 1),
      number(
          "final.average_rate",
          "Of their peak: what rates fall to until then; 0: as without a mean",
          [](RunConfig & c) -> auto& { return c.final_training.average_rate; }, 0, 1),
      number(
          "final.weight_decay", "L2 penalty on weights",
          [](RunConfig & c) -> auto& { return c.final_training.weight_decay; }, 0, 1),
      flag(
          "final.from_supernet", "Start from the shared weights, not from random ones",
          [](RunConfig & c) -> auto& { return c.final_training.from_supernet; }),
      number(
          "final.float_share",
          "Of the steps, the first so many leave weights of 2 and 3 bits in single precision",
          [](RunConfig & c) -> auto& { return c.final_training.float_share; }, 0, 1),
      number(
          "final.teacher_weight",
          "Of the first design's answers in the losses of those after it; 0: labels alone",
          [](RunConfig & c) -> auto& { return c.final_training.teacher_weight; }, 0, 1),
      number(
          "final.pim_aware_epochs",
          "Of these passes the last so many compute on the design's crossbars; 0: none",
          [](RunConfig & c) -> auto& { return c.final_training.pim_aware_epochs; }, 0, 10000),
      choice("final.pim_pass", "How: every image exactly, or fitted to a few now and then",
             [](RunConfig & c) -> auto& { return c.final_training.pim_pass; }, {"exact", "fitted"}),
      whole<int>(
          "final.calibration_images",
          "Training images that fit batch norms and output ranges to the crossbars; 0: none",
          [](RunConfig & c) -> auto& { return c.final_training.calibration_images; }, 0, 10000),
      whole_or<int>(
          "final.test_images", "Test images on simulated crossbars",
          [](RunConfig & c) -> auto& { return c.final_training.test_images; }, 1, 10000000, "all",
          explore::kAllImages),
  };
  append(keys,
         small_crop_keys(
             "final", [](RunConfig & c) -> auto& { return c.final_training.small_crops.size; },
             [](RunConfig & c) -> auto& { return c.final_training.small_crops.share; }));
  return keys;
}

}  // namespace gibbon::app::keys
