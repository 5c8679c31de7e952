#include "gibbon/app/config/space_loader.hpp"

#include <fmt/format.h>

#include "gibbon/app/config/cimnet_space_yaml.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/app/config/yaml_reader.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {

namespace {

std::unique_ptr<space::SearchSpace> load_gibbon(const SpaceChoice& choice) {
  if (choice.explored != space::Explored::kBoth) {
    throw base::Error(fmt::format(
        "{}: explore {}: a space of kind gibbon has no default to hold the other genes at",
        choice.file.string(), space::explored_name(choice.explored)));
  }
  const SpaceFile file = load_space_file(choice.file);
  space::GibbonSpaceSpec spec = file.spec;
  if (choice.images) spec = spec_for_images(file, choice.images->shape, choice.images->num_classes);
  if (!choice.hardware.empty()) spec.hardware = load_hardware(choice.hardware);
  return space::make_gibbon_space(spec);
}

std::unique_ptr<space::SearchSpace> load_cimnet(const SpaceChoice& choice) {
  space::CimnetSpaceSpec spec = load_cimnet_spec(choice.file, choice.images);
  if (!choice.hardware.empty()) spec.hardware = load_hardware(choice.hardware);
  spec.explored = choice.explored;
  return std::make_unique<space::CimnetSpace>(std::move(spec));
}

}  // namespace

std::string space_kind(const std::filesystem::path& file) {
  const auto kind = read_yaml_file(file).child("kind");
  return kind ? kind->one_of({"gibbon", "cimnet"}) : "gibbon";
}

std::unique_ptr<space::SearchSpace> load_space(const SpaceChoice& choice) {
  return space_kind(choice.file) == "cimnet" ? load_cimnet(choice) : load_gibbon(choice);
}

}  // namespace gibbon::app
