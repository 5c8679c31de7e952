#include <ATen/ATen.h>
#include <torch/serialize.h>

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <sstream>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/train/small_crops.hpp"
#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainers/batch_source.hpp"
#include "gibbon/train/trainers/guarded.hpp"
#include "gibbon/train/trainers/output_noise.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/trained_path.hpp"
#include "gibbon/train/trainers/training_loop.hpp"

namespace gibbon::train {

namespace {

class TorchSupernet final : public Supernet {
 public:
  TorchSupernet(const nn::Network& largest, const TrainOptions& options)
      : largest_(largest), options_(options), weights_(largest, options) {}

  void start_from(const nn::TrainedNetwork& trained) override {
    guarded("supernet", [&] { weights_.assign(nn::with_weights_of(largest_, trained)); });
  }

  double train(const data::ImageSet& images, const PathSampler& sampler, std::int64_t first_step,
               std::int64_t steps, std::int64_t total_steps, base::Progress& progress) override {
    return guarded("supernet training", [&] {
      const Session session(options_.threads, options_.device, options_.precision);
      require_images(largest_, images, "supernet training");
      require_small_crops(largest_, options_.small_crops);
      std::optional<Path> path;
      const PathForStep path_for_step = [&](std::uint64_t step) -> Path& {
        path = weights_.path(sampler(step), true);
        return *path;
      };
      const LoopPlan plan{.stage = "supernet",
                          .first_step = first_step,
                          .steps = steps,
                          .total_steps = total_steps,
                          .schedule_steps = total_steps,
                          .conv_kernels = session.conv_kernels()};
      BatchSource source(images, options_, first_step, total_steps);
      const LoopResult result = train_paths(path_for_step, source, options_, plan, progress);
      next_step_ = first_step + result.steps_done;
      return result.mean_loss;
    });
  }

  nn::TrainedNetwork extract(const nn::Network& network, const data::ImageSet& calibration,
                             int threads, const LayerNoise& noise) const override {
    return guarded("supernet extraction", [&] {
      require_images(network, calibration, "calibration");
      const Session session(threads, options_.device, Precision::kFloat32);
      Path path = weights_.path(network, false);
      std::optional<OutputNoise> numbers = disturb(path, noise);
      calibrate(path, calibration, session, numbers ? &*numbers : nullptr);
      return to_trained(path);
    });
  }

  double one_shot_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                           int threads, const LayerNoise& noise) const override {
    return guarded("one-shot accuracy", [&] {
      require_images(trained.network, images, "one-shot accuracy");
      const Session session(threads, options_.device, Precision::kFloat32);
      Path path = frozen_path(trained, options_.device);
      std::optional<OutputNoise> numbers = disturb(path, noise);
      return accuracy(path, images, session, true, numbers ? &*numbers : nullptr);
    });
  }

  void save(const std::filesystem::path& path) const override {
    guarded("supernet", [&] {
      torch::serialize::OutputArchive archive;
      for (const auto& [name, tensor] : weights_.tensors()) archive.write(name, tensor.cpu());
      archive.write("next_step", at::tensor(next_step_, at::kLong));
      std::ostringstream stream;
      archive.save_to(stream);
      base::write_file_atomically(path, stream.str());
    });
  }

  void load(const std::filesystem::path& path) override {
    const std::string content = base::read_file(path);
    const std::map<std::string, at::Tensor> own = weights_.tensors();
    std::map<std::string, at::Tensor> read;
    at::Tensor next_step;
    try {
      std::istringstream stream(content);
      torch::serialize::InputArchive archive;
      archive.load_from(stream);
      for (const auto& [name, tensor] : own) {
        if (!archive.try_read(name, read[name])) {
          throw base::Error(fmt::format("{}: holds no '{}'", path.string(), name));
        }
      }
      archive.read("next_step", next_step);
    } catch (const c10::Error&) {
      throw base::Error(
          fmt::format("{}: is not a supernet of this program, or is damaged", path.string()));
    }
    for (const auto& [name, tensor] : own) {
      if (read[name].sizes() == tensor.sizes()) continue;
      throw base::Error(fmt::format("{}: '{}' has the shape [{}], this space needs [{}]",
                                    path.string(), name, fmt::join(read[name].sizes(), ", "),
                                    fmt::join(tensor.sizes(), ", ")));
    }
    for (const auto& [name, tensor] : own) at::Tensor(tensor).copy_(read[name]);
    next_step_ = next_step.item<std::int64_t>();
  }

  std::int64_t next_step() const override { return next_step_; }

 private:
  /// Gives the path its deviations; the numbers that they scale, none without noise.
  std::optional<OutputNoise> disturb(Path& path, const LayerNoise& noise) const {
    if (noise.empty()) return std::nullopt;
    if (noise.size() != path.layers.size()) {
      throw base::Error(fmt::format("network '{}' has {} layers, noise is given for {}",
                                    path.network.description().name, path.layers.size(),
                                    noise.size()));
    }
    for (std::size_t layer = 0; layer < noise.size(); ++layer) {
      path.layers[layer].output_noise = noise[layer];
    }
    std::call_once(drawn_, [&] { numbers_.emplace(options_.seed, options_.device); });
    return numbers_;
  }

  nn::Network largest_;
  TrainOptions options_;
  SharedWeights weights_;
  mutable std::once_flag drawn_;
  mutable std::optional<OutputNoise> numbers_;  ///< drawn at the first use, copied for each
  std::int64_t next_step_ = 0;
};

}  // namespace

std::unique_ptr<Supernet> make_supernet(const nn::Network& largest, const TrainOptions& options) {
  require_options(options);
  return guarded("supernet", [&] {
    const Session session(options.threads, options.device, options.precision);
    return std::make_unique<TorchSupernet>(largest, options);
  });
}

}  // namespace gibbon::train
