#include "gibbon/app/run_inputs.hpp"

#include <fmt/format.h>

#include "gibbon/app/config/space_loader.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/space/fingerprint.hpp"
#include "gibbon/store/run_record.hpp"

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

RunInputs load_begun_run_inputs(const explore::RunConfig& config, const store::RunStore& store) {
  RunInputs inputs = load_run_inputs(config);
  const auto document = store.get("run");
  if (!document) return inputs;
  const store::RunFacts facts = store::run_facts_from_json(*document);
  if (facts.seed != config.seed) {
    throw base::Error(fmt::format("{}: seed is {}, but the run began with {}",
                                  (config.out / "config.yaml").string(), config.seed, facts.seed));
  }
  if (facts.space_fingerprint.empty()) return inputs;
  if (facts.space_fingerprint != space::fingerprint(*inputs.space)) {
    throw base::Error(fmt::format(
        "{}: makes other networks or chips than when the run in {} began (with version {}): this "
        "file or the chip that it starts from has changed since; put it back, or begin another run",
        config.space.string(), config.out.string(), facts.version));
  }
  return inputs;
}

}  // namespace gibbon::app
