#include "gibbon/app/run_inputs.hpp"

#include "gibbon/app/config/space_loader.hpp"
#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::app {

RunInputs load_run_inputs(const explore::RunConfig& config) {
  RunInputs inputs;
  data::LoadOptions options;
  options.threads = config.threads;
  if (config.data.image_size > 0) {
    options.size = data::ImageSize{config.data.image_size, config.data.image_size};
  }
  inputs.dataset = data::load_dataset(config.data.dataset, config.data.directory, options);
  const data::ImageSet& images = inputs.dataset.train;
  SpaceChoice choice;
  choice.file = config.space;
  choice.images = {{images.channels, images.height, images.width}, inputs.dataset.num_classes()};
  choice.hardware = config.hardware;
  choice.explored = space::explored_from(config.explore);
  inputs.space = load_space(choice);
  return inputs;
}

}  // namespace gibbon::app
