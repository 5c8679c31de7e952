#include "gibbon/nn/trained_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::nn {

namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie");

using base::Json;

constexpr const char* kFormat = "gibbon-trained-network-1";
constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;

/// One array of a layer: its name in the file, its shape, and where it is kept.
template <typename Vector>
struct ArraySlot {
  std::string name;
  std::vector<long> shape;
  Vector* values;
  bool may_lack = false;
};

std::size_t element_count(const std::vector<long>& shape) {
  std::size_t count = 1;
  for (const long extent : shape) count *= static_cast<std::size_t>(extent);
  return count;
}

/// The arrays that a layer of this type has; works for reading and for writing.
template <typename State, typename Vector>
std::vector<ArraySlot<Vector>> arrays_of(const Layer& layer, const Shape& output, State& state) {
  std::vector<ArraySlot<Vector>> slots;
  if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
    slots.push_back(
        {layer.name + ".weight",
         {conv->out_channels, conv->in_channels / conv->groups, conv->kernel, conv->kernel},
         &state.weight});
    slots.push_back({layer.name + ".pair_scales",
                     {conv->out_channels, conv->in_channels / conv->groups},
                     &state.pair_scales,
                     true});
  } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
    slots.push_back(
        {layer.name + ".weight", {linear->out_features, linear->in_features}, &state.weight});
  } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
    const std::vector<long> shape{norm->features};
    slots.push_back({layer.name + ".gamma", shape, &state.gamma});
    slots.push_back({layer.name + ".beta", shape, &state.beta});
    slots.push_back({layer.name + ".running_mean", shape, &state.running_mean});
    slots.push_back({layer.name + ".running_variance", shape, &state.running_variance});
  } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
    slots.push_back({layer.name + ".bias", {bias->features}, &state.beta});
  } else if (const auto* layer_norm = std::get_if<LayerNorm>(&layer.parameters)) {
    slots.push_back({layer.name + ".gamma", {layer_norm->features}, &state.gamma});
    slots.push_back({layer.name + ".beta", {layer_norm->features}, &state.beta});
  } else if (const auto* tokens = std::get_if<Tokens>(&layer.parameters)) {
    if (tokens->class_token) {
      slots.push_back({layer.name + ".class_token", {output.channels}, &state.gamma});
    }
    slots.push_back({layer.name + ".positions", {output.height, output.channels}, &state.weight});
  }
  return slots;
}

auto written_arrays(const Network& network, std::size_t index, const LayerState& state) {
  return arrays_of<const LayerState, const std::vector<float>>(
      network.layers()[index], network.output_shape(static_cast<int>(index)), state);
}

auto read_arrays(const Network& network, std::size_t index, LayerState& state) {
  return arrays_of<LayerState, std::vector<float>>(
      network.layers()[index], network.output_shape(static_cast<int>(index)), state);
}

Json grid_to_json(const QuantizationScale& grid) {
  return {{"bits", grid.bits}, {"scale", grid.scale}};
}

Json state_to_json(const LayerState& state) {
  return {{"input", grid_to_json(state.input)},
          {"weights", grid_to_json(state.weights)},
          {"output", grid_to_json(state.output)},
          {"output_range", state.output_range},
          {"epsilon", state.epsilon}};
}

QuantizationScale grid_from_json(const Json& json) {
  return {json.at("bits").get<int>(), json.at("scale").get<double>()};
}

LayerState state_from_json(const Json& json) {
  LayerState state;
  state.input = grid_from_json(json.at("input"));
  state.weights = grid_from_json(json.at("weights"));
  state.output = grid_from_json(json.at("output"));
  state.output_range = json.at("output_range").get<double>();
  state.epsilon = json.at("epsilon").get<double>();
  return state;
}

void check_finite(const LayerState& state, const std::string& layer) {
  for (const double value : {state.input.scale, state.weights.scale, state.output.scale,
                             state.output_range, state.epsilon}) {
    if (!std::isfinite(value)) {
      throw base::Error(fmt::format("layer '{}': a scale or range is not a finite number", layer));
    }
  }
}

/// The parts of a file, with the file's name for its errors.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& path)
      : path_(path), content_(base::read_file(path)) {
    if (content_.size() < kLengthBytes) fail("is too short to be a trained network");
    std::uint64_t length = 0;
    std::memcpy(&length, content_.data(), kLengthBytes);
    const std::uint64_t left = content_.size() - kLengthBytes;
    if (length > left) {
      fail(fmt::format("is truncated or no trained network: its header claims {} bytes, {} follow",
                       length, left));
    }
    data_ = std::string_view(content_).substr(kLengthBytes + length);
    try {
      header_ = Json::parse(std::string_view(content_).substr(kLengthBytes, length));
    } catch (const Json::exception& error) {
      fail(fmt::format("has a corrupt header: {}", error.what()));
    }
  }

  TrainedNetwork read() {
    try {
      if (const std::string& format = metadata("format"); format != kFormat) {
        fail(fmt::format("has format \"{}\", expected \"{}\"", format, kFormat));
      }
      TrainedNetwork trained{parse_network(metadata("network")), {}};
      const Json states = Json::parse(metadata("states"));
      const std::vector<Layer>& layers = trained.network.layers();
      if (states.size() != layers.size()) {
        fail(fmt::format("has states for {} layers, its network has {}", states.size(),
                         layers.size()));
      }
      for (std::size_t i = 0; i < layers.size(); ++i) {
        trained.states.push_back(state_from_json(states.at(i)));
        for (const auto& slot : read_arrays(trained.network, i, trained.states.back())) {
          if (slot.may_lack && !header_.contains(slot.name)) continue;
          *slot.values = read_array(slot.name, slot.shape);
        }
      }
      check_nothing_left();
      return trained;
    } catch (const Json::exception& error) {
      fail(fmt::format("has a corrupt header: {}", error.what()));
    }
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw base::Error(fmt::format("{} {}", path_.string(), problem));
  }

  const std::string& metadata(const char* key) const {
    if (!header_.contains(kMetadata) || !header_.at(kMetadata).contains(key)) {
      fail(fmt::format(
          "is no trained network of gibbon's: its {} has no '{}'; 'gibbon train' writes "
          "such files",
          kMetadata, key));
    }
    return header_.at(kMetadata).at(key).get_ref<const std::string&>();
  }

  Network parse_network(const std::string& text) const {
    const Json json = Json::parse(text);
    try {
      return network_from_json(json);
    } catch (const base::Error& error) {
      fail(fmt::format("holds a network that is not valid: {}", error.what()));
    }
  }

  std::vector<float> read_array(const std::string& name, const std::vector<long>& shape) {
    if (!header_.contains(name)) fail(fmt::format("has no array '{}'", name));
    const Json& entry = header_.at(name);
    if (entry.at("dtype") != "F32") {
      fail(
          fmt::format("array '{}' has dtype {}, expected \"F32\"", name, entry.at("dtype").dump()));
    }
    if (entry.at("shape").get<std::vector<long>>() != shape) {
      fail(fmt::format("array '{}' has shape {}, its layer needs [{}]", name,
                       entry.at("shape").dump(), fmt::join(shape, ",")));
    }
    const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
    const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
    const std::size_t bytes = element_count(shape) * sizeof(float);
    if (begin > end || end - begin != bytes) {
      fail(fmt::format("array '{}' lies at bytes {} to {}, its shape needs {} bytes", name, begin,
                       end, bytes));
    }
    if (end > data_.size()) {
      fail(fmt::format("is truncated: array '{}' ends at byte {} of {}", name, end, data_.size()));
    }
    std::vector<float> values(element_count(shape));
    std::memcpy(values.data(), data_.data() + begin, bytes);
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
      fail(fmt::format("array '{}' holds a value that is not a finite number", name));
    }
    read_bytes_ += bytes;
    read_names_.insert(name);
    return values;
  }

  void check_nothing_left() const {
    for (const auto& item : header_.items()) {
      if (item.key() != kMetadata && !read_names_.contains(item.key())) {
        fail(fmt::format("has an array '{}' that no layer owns", item.key()));
      }
    }
    if (read_bytes_ != data_.size()) {
      fail(fmt::format("has {} bytes of arrays, its header accounts for {}", data_.size(),
                       read_bytes_));
    }
  }

  std::filesystem::path path_;
  std::string content_;
  std::string_view data_;
  Json header_;
  std::size_t read_bytes_ = 0;
  std::set<std::string> read_names_;
};

}  // namespace

void save(const TrainedNetwork& trained, const std::filesystem::path& path) {
  const std::vector<Layer>& layers = trained.network.layers();
  if (trained.states.size() != layers.size()) {
    throw base::Error(fmt::format("cannot save {}: states for {} layers, the network has {}",
                                  path.string(), trained.states.size(), layers.size()));
  }
  Json states = Json::array();
  Json header;
  header[kMetadata] = {{"format", kFormat}, {"network", to_json(trained.network).dump()}};
  std::string data;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    check_finite(trained.states[i], layers[i].name);
    states.push_back(state_to_json(trained.states[i]));
    for (const auto& slot : written_arrays(trained.network, i, trained.states[i])) {
      if (slot.may_lack && slot.values->empty()) continue;
      if (slot.values->size() != element_count(slot.shape)) {
        throw base::Error(
            fmt::format("cannot save {}: array '{}' has {} values, its layer needs {}",
                        path.string(), slot.name, slot.values->size(), element_count(slot.shape)));
      }
      const std::size_t begin = data.size();
      data.append(reinterpret_cast<const char*>(slot.values->data()),
                  slot.values->size() * sizeof(float));
      header[slot.name] = {
          {"dtype", "F32"}, {"shape", slot.shape}, {"data_offsets", {begin, data.size()}}};
    }
  }
  header[kMetadata]["states"] = states.dump();
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the arrays are aligned
  const std::uint64_t length = text.size();
  std::string content(reinterpret_cast<const char*>(&length), kLengthBytes);
  base::write_file_atomically(path, content + text + data);
}

TrainedNetwork load_trained_network(const std::filesystem::path& path) {
  return FileReader(path).read();
}

}  // namespace gibbon::nn
