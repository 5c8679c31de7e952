#include "gibbon/app/config/cimnet_space_yaml.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gibbon/app/config/size_values.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/space/spaces/network_family.hpp"

namespace gibbon::app {

namespace {

constexpr double kLargestChoice = 1e9;
constexpr const char* kTransformer = "vision_transformer";
constexpr const char* kResNet50 = "ofa_resnet50";
constexpr const char* kResidual = "residual";
constexpr const char* kMobileNetV3 = "ofa_mobilenetv3";
constexpr SpaceImages kUsualImages{{3, 32, 32}, 10};

std::vector<double> read_numbers(const YamlValue& value) {
  std::vector<double> numbers;
  for (const YamlValue& item : value.list()) numbers.push_back(item.number(0, kLargestChoice));
  return numbers;
}

/// The keys of the section `network`, read one by one.
class NetworkReader {
 public:
  NetworkReader(const YamlValue& section, const std::optional<SpaceImages>& given)
      : section_(section), map_(section.map()), images_(given.value_or(kUsualImages)) {
    read_images(given);
  }

  std::shared_ptr<const space::NetworkFamily> read() {
    const auto family = map_.require("family", "a family of networks");
    if (!family) map_.finish();
    const std::string name = family->one_of({kTransformer, kResidual, kResNet50, kMobileNetV3});
    if (name == kTransformer) return read_transformer();
    if (name == kResidual) return read_residual();
    return read_once_for_all(name == kResNet50 ? space::OnceForAllSpec::Supernet::kResNet50
                                               : space::OnceForAllSpec::Supernet::kMobileNetV3);
  }

 private:
  void read_images(const std::optional<SpaceImages>& given) {
    if (const auto input = map_.find("input")) {
      const std::vector<int> sizes = read_ints(*input);
      if (sizes.size() != 3) input->refuse("[channels, height, width]");
      images_.shape = {sizes[0], sizes[1], sizes[2]};
      if (given && !(given->shape == images_.shape)) {
        input->fail(fmt::format("the space is for images of {}x{}x{}, these are {}x{}x{}", sizes[0],
                                sizes[1], sizes[2], given->shape.channels, given->shape.height,
                                given->shape.width));
      }
    }
    if (const auto classes = map_.find("num_classes")) {
      images_.num_classes = read_int(*classes);
      if (given && given->num_classes != images_.num_classes) {
        classes->fail(fmt::format("the space has {}, the data set {}", images_.num_classes,
                                  given->num_classes));
      }
    }
  }

  void read_number(const char* key, int& number) {
    if (const auto value = map_.find(key)) number = read_int(*value);
  }
  void read_choices(const char* key, const char* expected, std::vector<int>& choices) {
    if (const auto value = map_.require(key, expected)) choices = read_ints(*value);
  }

  std::shared_ptr<const space::NetworkFamily> read_transformer() {
    space::TransformerFamilySpec spec;
    spec.input = images_.shape;
    spec.num_classes = images_.num_classes;
    read_number("bits", spec.bits);
    read_number("patch", spec.patch);
    read_number("width", spec.width);
    read_number("head_width", spec.head_width);
    if (const auto biases = map_.find("biases")) spec.biases = biases->boolean();
    read_choices("layers", "numbers of layers", spec.layers);
    read_choices("heads", "numbers of heads of a layer", spec.heads);
    read_choices("mlp_widths", "widths of a layer's MLP", spec.mlp_widths);
    map_.finish();
    return made([&] { return space::make_family(spec); });
  }

  std::shared_ptr<const space::NetworkFamily> read_residual() {
    space::ResidualFamilySpec spec;
    spec.input = images_.shape;
    spec.num_classes = images_.num_classes;
    read_number("bits", spec.bits);
    read_choices("channels", "channels of each stage", spec.channels);
    read_choices("blocks", "numbers of blocks of a stage", spec.blocks);
    const auto expansions = map_.require("expansions", "shares of a stage's channels in a block");
    if (expansions) spec.expansions = read_numbers(*expansions);
    map_.finish();
    return made([&] { return space::make_family(spec); });
  }

  std::shared_ptr<const space::NetworkFamily> read_once_for_all(
      space::OnceForAllSpec::Supernet supernet) {
    space::OnceForAllSpec spec;
    spec.supernet = supernet;
    spec.input = images_.shape;
    spec.num_classes = images_.num_classes;
    read_number("bits", spec.bits);
    if (supernet == space::OnceForAllSpec::Supernet::kMobileNetV3) {
      constexpr double kWidest = 16;
      if (const auto value = map_.find("width_multiplier")) {
        spec.width_multiplier = value->number(0.01, kWidest);
      }
    }
    map_.finish();
    return made([&] { return space::make_family(spec); });
  }

  std::shared_ptr<const space::NetworkFamily> made(
      const std::function<std::unique_ptr<space::NetworkFamily>()>& make) const {
    try {
      return make();
    } catch (const base::Error& error) {
      section_.fail(error.what());
    }
  }

  YamlValue section_;
  YamlMap map_;
  SpaceImages images_;
};

std::vector<space::HardwareChoices> read_hardware_choices(const YamlValue& section) {
  std::vector<space::HardwareChoices> choices;
  for (const auto& [key, line] : section.keys()) {
    choices.push_back({key, read_numbers(*section.child(key))});
  }
  return choices;
}

}  // namespace

space::CimnetSpaceSpec load_cimnet_spec(const std::filesystem::path& path,
                                        const std::optional<SpaceImages>& images) {
  YamlMap map = read_yaml_file(path).map();
  map.find("kind");
  const auto name = map.require("name", "a name of the space");
  const auto network = map.require("network", "a family of networks and its choices");
  const auto hardware = map.require("hardware", "the default chip");
  const auto choices = map.require("hardware_choices", "keys of digital_cim with their choices");
  map.finish();
  space::CimnetSpaceSpec spec;
  spec.name = name->text();
  spec.family = NetworkReader(*network, images).read();
  spec.hardware = read_space_hardware(*hardware, path.parent_path());
  spec.hardware_choices = read_hardware_choices(*choices);
  try {
    space::CimnetSpace{spec};
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return spec;
}

}  // namespace gibbon::app
