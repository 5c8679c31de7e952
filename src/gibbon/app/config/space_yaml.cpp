#include "gibbon/app/config/space_yaml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/config/size_values.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {

using space::BlockActivation;
using space::GibbonSpaceSpec;

namespace {

std::vector<double> read_shares(const YamlValue& value) {
  std::vector<double> numbers;
  for (const YamlValue& item : value.list()) numbers.push_back(item.number(1e-6, 1));
  if (numbers.empty()) value.fail("the list is empty");
  return numbers;
}

/// One key of a space file.
struct SpaceKey {
  std::string name;
  std::string help;
  bool required;
  std::function<void(const YamlValue&, GibbonSpaceSpec&)> read;
  std::function<std::string(const GibbonSpaceSpec&)> write;
};

SpaceKey whole(std::string name, std::string help, int GibbonSpaceSpec::*field) {
  return {std::move(name), std::move(help), false,
          [=](const YamlValue& value, GibbonSpaceSpec& spec) { spec.*field = read_int(value); },
          [=](const GibbonSpaceSpec& spec) { return fmt::format("{}", spec.*field); }};
}

SpaceKey choices(std::string name, std::string help, std::vector<int> GibbonSpaceSpec::*field) {
  return {std::move(name), std::move(help), true,
          [=](const YamlValue& value, GibbonSpaceSpec& spec) { spec.*field = read_ints(value); },
          [=](const GibbonSpaceSpec& spec) { return fmt::format("{}", spec.*field); }};
}

/// One number where the key decides, a list where it is left to the search.
SpaceKey number_or_choices(std::string name, std::string help,
                           std::vector<int> GibbonSpaceSpec::*field) {
  return {std::move(name), std::move(help) + "; one, or a list to choose from", false,
          [=](const YamlValue& value, GibbonSpaceSpec& spec) {
            spec.*field = value.is_list() ? read_ints(value) : std::vector<int>{read_int(value)};
          },
          [=](const GibbonSpaceSpec& spec) {
            const std::vector<int>& values = spec.*field;
            return values.size() == 1 ? fmt::format("{}", values.front())
                                      : fmt::format("{}", values);
          }};
}

space::StageChoices read_stage_choices(const YamlValue& value) {
  const std::vector<YamlValue> items = value.list();
  if (items.empty()) value.fail("the list is empty");
  if (!items.front().is_list()) return space::StageChoices::for_all(read_ints(value));
  std::vector<std::vector<int>> by_stage;
  for (const YamlValue& stage : items) by_stage.push_back(read_ints(stage));
  return space::StageChoices::by_stage(std::move(by_stage));
}

SpaceKey stage_choices(std::string name, std::string help,
                       space::StageChoices GibbonSpaceSpec::*field) {
  return {std::move(name), std::move(help) + "; one list, or one list a stage", true,
          [=](const YamlValue& value, GibbonSpaceSpec& spec) {
            spec.*field = read_stage_choices(value);
          },
          [=](const GibbonSpaceSpec& spec) {
            const auto& lists = (spec.*field).lists;
            return lists.size() == 1 ? fmt::format("{}", lists.front()) : fmt::format("{}", lists);
          }};
}

SpaceKey shares(std::string name, std::string help, std::vector<double> GibbonSpaceSpec::*field) {
  return {std::move(name), std::move(help), true,
          [=](const YamlValue& value, GibbonSpaceSpec& spec) { spec.*field = read_shares(value); },
          [=](const GibbonSpaceSpec& spec) { return fmt::format("{}", spec.*field); }};
}

/// "none" or "1/N" of the weights that an epitome stores.
double read_epitome(const YamlValue& value) {
  const std::string text = value.one_of({"none", "1/2", "1/4", "1/8", "1/16"});
  return text == "none" ? 1.0 : 1.0 / std::stoi(text.substr(2));
}

SpaceKey epitomes_key() {
  return {"epitomes",
          "Part of its weights that an ungrouped block stores as an epitome: none, 1/2 ... 1/16",
          false,
          [](const YamlValue& value, GibbonSpaceSpec& spec) {
            spec.epitomes.clear();
            for (const YamlValue& item : value.list()) {
              spec.epitomes.push_back(read_epitome(item));
            }
            if (spec.epitomes.empty()) value.fail("the list is empty");
          },
          [](const GibbonSpaceSpec& spec) {
            std::vector<std::string> names;
            for (const double share : spec.epitomes) {
              names.push_back(share == 1 ? "none" : fmt::format("1/{:.0f}", 1 / share));
            }
            return fmt::format("[{}]", fmt::join(names, ", "));
          }};
}

SpaceKey name_key() {
  return {"name", "Name of the space", true,
          [](const YamlValue& value, GibbonSpaceSpec& spec) { spec.name = value.text(); },
          [](const GibbonSpaceSpec& spec) { return yaml_scalar(spec.name); }};
}

SpaceKey input_key() {
  return {"input", "Images: [channels, height, width]; absent: the data set's", false,
          [](const YamlValue& value, GibbonSpaceSpec& spec) {
            const std::vector<int> sizes = read_ints(value);
            if (sizes.size() != 3) value.refuse("[channels, height, width]");
            spec.input = {sizes[0], sizes[1], sizes[2]};
          },
          [](const GibbonSpaceSpec& spec) {
            return fmt::format("[{}, {}, {}]", spec.input.channels, spec.input.height,
                               spec.input.width);
          }};
}

SpaceKey stages_key() {
  return {
      "stage_blocks",
      "For each stage, the numbers of blocks it may have; how stages halve the image: stage_pool",
      true,
      [](const YamlValue& value, GibbonSpaceSpec& spec) {
        spec.stage_blocks.clear();
        for (const YamlValue& stage : value.list()) {
          spec.stage_blocks.push_back(read_ints(stage));
        }
        if (spec.stage_blocks.empty()) value.fail("the list is empty");
      },
      [](const GibbonSpaceSpec& spec) { return fmt::format("{}", spec.stage_blocks); }};
}

SpaceKey activation_key() {
  return {"activation",
          "After the stem and every block: relu (0 to the range) or hardtanh (-range to range)",
          false,
          [](const YamlValue& value, GibbonSpaceSpec& spec) {
            const std::string text = value.one_of({"relu", "hardtanh"});
            spec.activation = text == "relu" ? BlockActivation::kRelu : BlockActivation::kHardTanh;
          },
          [](const GibbonSpaceSpec& spec) {
            return std::string(spec.activation == BlockActivation::kRelu ? "relu" : "hardtanh");
          }};
}

SpaceKey activation_range_key() {
  constexpr double kLargestRange = 1e6;
  return {"activation_range", "Where the activation clamps; batch norms give unit variance", false,
          [](const YamlValue& value, GibbonSpaceSpec& spec) {
            spec.activation_range = value.number(1e-6, kLargestRange);
          },
          [](const GibbonSpaceSpec& spec) { return fmt::format("{}", spec.activation_range); }};
}

std::vector<SpaceKey> space_keys() {
  using S = GibbonSpaceSpec;
  return {
      name_key(),
      input_key(),
      whole("num_classes", "Classes; absent: the data set's", &S::num_classes),
      whole("input_bits", "Bits of an input pixel, sign included", &S::input_bits),
      number_or_choices("stem_channels", "Output channels of the first convolution",
                        &S::stem_channels),
      whole("stem_kernel", "Its kernel: odd, or 2 with symmetric padding", &S::stem_kernel),
      number_or_choices("stem_stride", "Its stride", &S::stem_strides),
      whole("stem_weight_bits", "Bits of its weights, sign included", &S::stem_weight_bits),
      number_or_choices(
          "stage_pool",
          "How stages halve the image: 1 by strides, all but the first; 2 by max pooling, all",
          &S::stage_pools),
      activation_key(),
      activation_range_key(),
      stages_key(),
      stage_choices("channels", "Output channels that a block may have", &S::channels),
      stage_choices("kernels", "Kernel sizes: odd, or 2 with symmetric padding", &S::kernels),
      stage_choices("groups", "Groups of a block's convolution; each divides every channel choice",
                    &S::groups),
      choices("weight_bits", "Bits of a block's weights, sign included", &S::weight_bits),
      choices("activation_bits", "Bits with which a block reads its input, sign included",
              &S::activation_bits),
      epitomes_key(),
      whole("head_bits", "Bits of the pooling and of the classifier, sign included", &S::head_bits),
      choices("crossbar_sizes", "Rows, and columns, of a crossbar", &S::crossbar_sizes),
      choices("adc_bits", "ADC resolutions: 4, 6, 8, 10", &S::adc_bits),
      choices("dac_bits", "DAC resolutions: 1, 2", &S::dac_bits),
      choices("cell_bits", "Bits of a memory cell", &S::cell_bits),
      shares("wordline_shares", "Shares of a crossbar's rows driven at once", &S::wordline_shares),
      shares("bitline_shares", "Shares of a crossbar's columns converted at once",
             &S::bitline_shares),
  };
}

}  // namespace

hw::HardwareConfig read_space_hardware(const YamlValue& value,
                                       const std::filesystem::path& folder) {
  if (value.is_map()) return hardware_from_yaml(value);
  std::filesystem::path path;
  try {
    path = locate(PresetKind::kHardware, value.text(), folder);
  } catch (const base::Error& error) {
    value.fail(error.what());
  }
  return load_hardware(path);
}

SpaceFile load_space_file(const std::filesystem::path& path) {
  SpaceFile file;
  file.path = path;
  YamlMap map = read_yaml_file(path).map();
  map.find("kind");  // space_loader.hpp has read it
  std::vector<std::pair<SpaceKey, YamlValue>> found;
  for (const SpaceKey& key : space_keys()) {
    const auto value = key.required ? map.require(key.name, key.help) : map.find(key.name);
    if (value) found.emplace_back(key, *value);
  }
  const auto hardware = map.find("hardware");
  map.finish();
  for (const auto& [key, value] : found) {
    key.read(value, file.spec);
    file.input_given |= key.name == "input";
    file.classes_given |= key.name == "num_classes";
  }
  if (hardware) file.spec.hardware = read_space_hardware(*hardware, path.parent_path());
  try {
    space::make_gibbon_space(file.spec);
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return file;
}

GibbonSpaceSpec spec_for_images(const SpaceFile& file, const nn::Shape& input, int num_classes) {
  GibbonSpaceSpec spec = file.spec;
  if (file.input_given && !(spec.input == input)) {
    throw base::Error(
        fmt::format("{}: input: the space is for images of {}x{}x{}, these are {}x{}x{}",
                    file.path.string(), spec.input.channels, spec.input.height, spec.input.width,
                    input.channels, input.height, input.width));
  }
  if (file.classes_given && spec.num_classes != num_classes) {
    throw base::Error(fmt::format("{}: num_classes: the space has {}, the data set {}",
                                  file.path.string(), spec.num_classes, num_classes));
  }
  spec.input = input;
  spec.num_classes = num_classes;
  return spec;
}

std::string commented_yaml(const GibbonSpaceSpec& spec) {
  std::string text = "# A search space: gibbon search takes it as `space: FILE`.\n";
  for (const SpaceKey& key : space_keys()) {
    text += fmt::format("# {}\n{}: {}\n", key.help, key.name, key.write(spec));
  }
  text += "# Hardware that no gene decides: a shipped one, a file, or a map of its keys\n";
  text += "hardware: mnsim-default\n";
  return text;
}

}  // namespace gibbon::app
