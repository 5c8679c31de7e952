#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gibbon/base/progress.hpp"
#include "gibbon/data/augmentation.hpp"
#include "gibbon/data/dataset.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::train {

enum class Precision { kAuto, kFloat32, kBfloat16 };

/// The first steps see random crops of the images, which cost (size / side)^2 of a step and show
/// enough to learn by (progressive resizing: Howard et al., DAWNBench 2018; decision 0008).
struct SmallCrops {
  int size = 0;        ///< pixels; 0: none
  double share = 0.5;  ///< of all steps, 0 to 1: so many see crops, the others whole images
};

/// How the weights of epitomes are quantised (nn/epitome_quantization.hpp); each part is a switch.
/// Other layers keep one scale.
struct EpitomeScales {
  /// One scale for each crossbar of these sizes, a pair of which holds a weight's bits - 1 slices
  /// side by side. The crossbar simulation knows one scale a layer and refuses such networks.
  bool per_crossbar = false;
  int crossbar_rows = 256;
  int crossbar_columns = 256;
  std::optional<double> overlap_weight;  ///< of elements used often in the range, 0.5 to 1
  bool clips = true;  ///< a few deviations bound the range, as of other layers; not EPIM's
};

struct TrainOptions {
  std::uint64_t seed = 0;
  int threads = 1;
  std::string device = "cpu";  ///< "cpu", "cuda", "cuda:1": libtorch's names
  /// kAuto: bf16 where the processor multiplies it in tiles (AMX) and on CUDA, else float32 but for
  /// the products of 3x3 convolutions where its vectors are made for bf16 (Zen 4; decision 0009).
  Precision precision = Precision::kAuto;
  int batch_size = 128;
  double learning_rate = 0.3;  ///< peak of a one-cycle schedule; measured best for 1 to 3 epochs
  /// Peak of the turns that kernels in front of a batch norm take by Muon (trainers/muon_step.hpp)
  /// in place of gradient descent; 0: none do. With it all rates fall in a straight line (decision
  /// 0011).
  double muon_rate = 0;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  double label_smoothing = 0.1;
  data::AugmentationOptions augmentation = {};
  EpitomeScales epitome_scales = {};
  SmallCrops small_crops = {};  ///< only for networks that average all pixels before they classify
};

/// Standard deviations of normal noise on the outputs of each layer of a network, in units of their
/// range, as converters add it: 0 but of Conv and Linear. Empty: none. Drawn from the seed alone.
using LayerNoise = std::vector<double>;

/// Draws the network to train in step `step`; deterministic in its argument.
using PathSampler = std::function<nn::Network(std::uint64_t step)>;

/// The weights that every network of a space shares. Conv and Linear weights are sliced from the
/// largest: output and input channels from the front, groups as the diagonal blocks, 1x1 as the
/// centre tap, symmetric 2x2 as 3x3 with zeros. A layer is matched by its name. A step changes the
/// slices of its own path only; what it does not use keeps its value and momentum. Not thread-safe,
/// but for extract() and one_shot_accuracy(), which several threads may call at a time. Same seed
/// and same number of threads: same bits. Errors are base::Error.
class Supernet {
 public:
  virtual ~Supernet() = default;
  /// Takes the weights of a trained network of the largest one's shape (nn::with_weights_of),
  /// before any training.
  virtual void start_from(const nn::TrainedNetwork& trained) = 0;
  /// Trains `steps` steps, the learning rate following its schedule from `first_step` of
  /// `total_steps`. Stops early (at a step) if progress.stop_requested(). Returns the mean loss.
  virtual double train(const data::ImageSet& images, const PathSampler& sampler,
                       std::int64_t first_step, std::int64_t steps, std::int64_t total_steps,
                       base::Progress& progress) = 0;
  /// The network with this supernet's weights: batch norm recalibrated on `calibration`, output
  /// ranges measured there. What the crossbar simulation runs. With `noise` the norms have seen it.
  virtual nn::TrainedNetwork extract(const nn::Network& network, const data::ImageSet& calibration,
                                     int threads, const LayerNoise& noise = {}) const = 0;
  /// Top-1 percent of the quantised network without crossbars.
  virtual double one_shot_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                                   int threads, const LayerNoise& noise = {}) const = 0;
  /// Weights and optimiser, so that training goes on bit for bit. Written in one step.
  virtual void save(const std::filesystem::path& path) const = 0;
  virtual void load(const std::filesystem::path& path) = 0;
  /// The step after the last one trained (0 before the first); saved and loaded too.
  virtual std::int64_t next_step() const = 0;
};

/// Throws base::Error for a device that libtorch, Gibbon or this machine does not have.
void require_device(const std::string& device);

/// A supernet that covers `largest` (its layers give the names and the greatest sizes).
std::unique_ptr<Supernet> make_supernet(const nn::Network& largest, const TrainOptions& options);

}  // namespace gibbon::train
