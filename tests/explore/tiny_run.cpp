#include "explore/tiny_run.hpp"

#include <unistd.h>

#include "gibbon/base/rng.hpp"

namespace gibbon::test {

namespace {

data::ImageSet tiny_images(int count, std::uint64_t seed) {
  data::ImageSet images;
  images.channels = 1;
  images.height = images.width = 8;
  base::Rng rng = base::Rng::forked(seed, "tiny images");
  for (int i = 0; i < count; ++i) {
    const int label = i % 3;
    images.labels.push_back(label);
    for (int pixel = 0; pixel < 64; ++pixel) {
      images.pixels.push_back(static_cast<std::uint8_t>(40 + 60 * label + rng.below(50)));
    }
  }
  return images;
}

}  // namespace

data::Dataset tiny_dataset() {
  return {"tiny", {"dark", "grey", "bright"}, tiny_images(240, 1), tiny_images(60, 2)};
}

space::GibbonSpaceSpec tiny_spec() {
  space::GibbonSpaceSpec spec = space::gibbon_table1_spec();
  spec.name = "tiny";
  spec.input = {1, 8, 8};
  spec.num_classes = 3;
  spec.stem_channels = {4};
  spec.stage_blocks = {{1}, {1, 2}};
  spec.channels = {4, 8};
  spec.groups = {1, 2};
  return spec;
}

std::unique_ptr<space::SearchSpace> tiny_space() {
  return space::make_gibbon_space(tiny_spec());
}

explore::RunConfig tiny_config() {
  explore::RunConfig config;
  config.name = "tiny";
  config.seed = 7;
  config.threads = 1;
  config.data.validation_images = 60;
  config.data.crop_padding = 1;
  config.data.flip = "false";
  config.supernet.steps = 8;
  config.supernet.steps_per_iteration = 2;
  config.supernet.batch_size = 16;
  config.supernet.calibration_images = 32;
  config.search.iterations = 2;
  config.search.designs_per_iteration = 3;
  config.search.initial_designs = 6;
  config.predictor.model = "lstm";
  config.predictor.hidden = 8;
  config.predictor.epochs = 3;
  config.simulation.images = 30;
  config.final_training.designs = 2;
  config.final_training.epochs = 1;
  config.final_training.test_images = 30;
  return config;
}

TemporaryFolder::TemporaryFolder(const std::string& name)
    : path_(std::filesystem::temp_directory_path() / (name + "-" + std::to_string(::getpid()))) {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_ / "checkpoints");
  std::filesystem::create_directories(path_ / "models");
}

TemporaryFolder::~TemporaryFolder() {
  std::filesystem::remove_all(path_);
}

}  // namespace gibbon::test
