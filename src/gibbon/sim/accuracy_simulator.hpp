#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/named_values.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/nonideal/device_model.hpp"

namespace gibbon::sim {

/// How the ADC's range is chosen (MNSIM's names).
enum class AdcMode {
  kScale,  ///< from the layer's output range and point shift
  kFix,    ///< from the largest sum that a full crossbar can give
  kIdeal,  ///< no crossbar: the quantised network in plain integers
};

/// Which instructions the kernels use. All give identical results; each hands on what it cannot
/// run: kAmx multiplies tiles, of two cycles at once where converters have one bit and inputs are
/// not negative (crossbar/amx_pair_plan.hpp), with digits of up to 7 bits; kAvx512Popcnt counts
/// bits where converters and cells have one bit and inputs are not negative
/// (crossbar/bit_plane_plan.hpp), and leaves the rest to kAvx512Vnni; that, kAvx2 (digits of up to
/// 6 bits, else kScalar) and kScalar take digits of up to 7 bits; kReference is the plain twin that
/// the others are tested against and takes all.
enum class Isa { kAuto, kScalar, kAvx2, kAvx512Vnni, kAvx512Popcnt, kAmx, kReference };

inline constexpr base::NamedValues<AdcMode, 3> kAdcModes{
    {{"scale", AdcMode::kScale}, {"fix", AdcMode::kFix}, {"ideal", AdcMode::kIdeal}}};
/// Those that users choose from.
inline constexpr base::NamedValues<Isa, 6> kIsas{{{"auto", Isa::kAuto},
                                                  {"scalar", Isa::kScalar},
                                                  {"avx2", Isa::kAvx2},
                                                  {"avx512vnni", Isa::kAvx512Vnni},
                                                  {"avx512popcnt", Isa::kAvx512Popcnt},
                                                  {"amx", Isa::kAmx}}};

struct AccuracyOptions {
  AdcMode mode = AdcMode::kScale;
  int threads = 1;
  Isa isa = Isa::kAuto;
  /// Device non-idealities are drawn with this seed; empty: ideal devices. Not with kIdeal.
  std::optional<std::uint64_t> device_seed;
  DeviceModel device_model = DeviceModel::kPerPlane;
  /// As MNSIM evaluates: the range of a quantised batch norm is moved by the whole batch before it
  /// is used, so that the images of a batch depend on each other. For comparison with MNSIM only.
  bool mnsim_range_update = false;
};

/// Runs images through a trained network on simulated crossbars: bit-sliced weights and inputs,
/// every partial sum through the ADC (docs/models/accuracy.md). Weights are prepared once, in the
/// maker, for one hardware. logits() is const and thread-safe.
class AccuracySimulator {
 public:
  virtual ~AccuracySimulator() = default;
  /// [batch.count, classes], row-major. The result of an image depends neither on the other images
  /// of the batch (but see mnsim_range_update) nor on the number of threads or the instruction set.
  /// Throws base::Error where the images do not have the network's input shape.
  virtual std::vector<float> logits(const data::ImageBatch& batch) const = 0;
};

/// The instruction sets that this build and machine can run, best first.
std::vector<Isa> available_isas();
/// Its name in kIsas, or "reference".
std::string_view isa_name(Isa isa);

/// Throws base::Error where the network holds something that crossbars cannot run, where a layer's
/// state does not fit it, or where the instruction set is not available.
std::unique_ptr<AccuracySimulator> make_accuracy_simulator(const nn::TrainedNetwork& trained,
                                                           const hw::HardwareConfig& hardware,
                                                           const AccuracyOptions& options);

/// Throws base::Error unless the images have the network's input shape.
void require_image_shape(const nn::Network& network, const data::ImageBatch& batch);

struct AccuracyResult {
  int correct = 0;
  int images = 0;
  double top1_percent() const { return images == 0 ? 0.0 : 100.0 * correct / images; }
};

/// Whether the largest logit is the label's. Ties go to the lowest class.
bool is_right(std::span<const float> logits, int label);
/// is_right() of each image.
std::vector<bool> right_answers(const AccuracySimulator& simulator, const data::ImageBatch& batch);

/// Top-1 accuracy over images [0, limit) of a set (all of them if limit exceeds the count), in
/// bounded memory.
AccuracyResult measure_accuracy(const AccuracySimulator& simulator, const data::ImageSet& images,
                                int limit);

}  // namespace gibbon::sim
