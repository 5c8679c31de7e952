#include "gibbon/app/images_for.hpp"

#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::app {

data::LoadOptions images_for(const nn::Shape& input, std::string_view dataset, int threads) {
  data::LoadOptions options;
  options.threads = threads;
  if (data::find_dataset(dataset).shape) return options;
  options.size = data::ImageSize{input.height, input.width};
  options.channels = input.channels;
  return options;
}

}  // namespace gibbon::app
