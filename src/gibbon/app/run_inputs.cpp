#include "gibbon/app/run_inputs.hpp"

#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::app {

RunInputs load_run_inputs(const explore::RunConfig& config) {
  RunInputs inputs;
  inputs.dataset = data::load_dataset(config.data.dataset, config.data.directory);
  const data::ImageSet& images = inputs.dataset.train;
  space::GibbonSpaceSpec spec =
      spec_for_images(load_space_file(config.space), {images.channels, images.height, images.width},
                      inputs.dataset.num_classes());
  if (!config.hardware.empty()) spec.hardware = load_hardware(config.hardware);
  inputs.space = space::make_gibbon_space(spec);
  return inputs;
}

}  // namespace gibbon::app
