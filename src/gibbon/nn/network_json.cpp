#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn {

namespace {

using base::Json;

constexpr std::string_view kInputName = "@input";

std::string mode_name(PoolMode mode) {
  switch (mode) {
    case PoolMode::kMax:
      return "max";
    case PoolMode::kAverage:
      return "average";
    case PoolMode::kGlobalAverage:
      return "global_average";
  }
  return {};
}

Json epitome_json(const ConvEpitome& epitome) {
  return {{"out_channels", epitome.shape.out_channels},
          {"in_channels", epitome.shape.in_channels},
          {"height", epitome.shape.height},
          {"width", epitome.shape.width},
          {"wrap", epitome.outputs == OutputBlocks::kWrapped}};
}

/// Appends one layer's parameters to its JSON object.
struct ParameterWriter {
  Json& json;

  void operator()(const Conv& conv) const {
    json["in_channels"] = conv.in_channels;
    json["out_channels"] = conv.out_channels;
    json["kernel"] = conv.kernel;
    json["stride"] = conv.stride;
    json["padding"] = conv.padding;
    json["groups"] = conv.groups;
    json["padding_mode"] = conv.padding_mode == PaddingMode::kSymmetric ? "symmetric" : "zeros";
    json["weight_bits"] = conv.weight_bits;
    json["activation_bits"] = conv.activation_bits;
    json["point_shift"] = conv.point_shift;
    if (conv.epitome) json["epitome"] = epitome_json(*conv.epitome);
  }
  void operator()(const Linear& linear) const {
    json["in_features"] = linear.in_features;
    json["out_features"] = linear.out_features;
    json["weight_bits"] = linear.weight_bits;
    json["activation_bits"] = linear.activation_bits;
    json["point_shift"] = linear.point_shift;
  }
  void operator()(const BatchNorm& norm) const {
    json["features"] = norm.features;
    if (norm.output_bits) json["output_bits"] = *norm.output_bits;
  }
  void operator()(const Bias& bias) const {
    json["features"] = bias.features;
    if (bias.output_bits) json["output_bits"] = *bias.output_bits;
  }
  void operator()(const HardTanh& activation) const {
    json["output_bits"] = activation.output_bits;
    json["range"] = activation.range;
  }
  void operator()(const Pool& pool) const {
    json["mode"] = mode_name(pool.mode);
    json["kernel"] = pool.kernel;
    json["stride"] = pool.stride;
    json["padding"] = pool.padding;
    json["activation_bits"] = pool.activation_bits;
  }
  void operator()(const Add& add) const {
    json["channels"] = add.channels;
    json["activation_bits"] = add.activation_bits;
  }
  void operator()(const Tokens& tokens) const { json["class_token"] = tokens.class_token; }
  void operator()(const SelectToken& select) const { json["index"] = select.index; }
  void operator()(const LayerNorm& norm) const {
    json["features"] = norm.features;
    if (norm.output_bits) json["output_bits"] = *norm.output_bits;
  }
  void operator()(const Softmax& softmax) const { json["groups"] = softmax.groups; }
  void operator()(const MatMul& product) const {
    json["heads"] = product.heads;
    json["transposed"] = product.transposed;
    json["scale"] = product.scale;
    json["activation_bits"] = product.activation_bits;
  }
  void operator()(const Gelu&) const {}
  void operator()(const Concat&) const {}
  void operator()(const Relu&) const {}
  void operator()(const Flatten&) const {}
  void operator()(const Dropout&) const {}
};

/// Reads one JSON object key by key; what was not asked for by the end is an unknown key.
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) {
      throw base::Error(fmt::format("{}: expected an object, got {}", where_, json.type_name()));
    }
  }

  const std::string& where() const { return where_; }

  const Json* find(const std::string& key) {
    known_.push_back(key);
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }

  const Json& required(const std::string& key) {
    const Json* value = find(key);
    if (value == nullptr) {
      throw base::Error(fmt::format("{}: key '{}' is missing{}", where_, key, slip_for(key)));
    }
    return *value;
  }

  int integer(const std::string& key) { return as_integer(key, required(key)); }
  int integer(const std::string& key, int absent) {
    const Json* value = find(key);
    return value == nullptr ? absent : as_integer(key, *value);
  }
  double number(const std::string& key, double absent) {
    const Json* value = find(key);
    if (value == nullptr) return absent;
    if (!value->is_number()) refuse(key, "a number", *value);
    return value->get<double>();
  }
  bool boolean(const std::string& key, bool absent) {
    const Json* value = find(key);
    if (value == nullptr) return absent;
    if (!value->is_boolean()) refuse(key, "true or false", *value);
    return value->get<bool>();
  }
  std::string text(const std::string& key) {
    const Json& value = required(key);
    if (!value.is_string()) refuse(key, "a text", value);
    return value.get<std::string>();
  }
  /// The value of the name that stands at `key`.
  template <typename T>
  T choice(const std::string& key, T absent, const std::map<std::string, T>& choices) {
    const Json* value = find(key);
    if (value == nullptr) return absent;
    if (value->is_string()) {
      const auto found = choices.find(value->get<std::string>());
      if (found != choices.end()) return found->second;
    }
    std::string names;
    for (const auto& [name, unused] : choices) names += (names.empty() ? "" : ", ") + name;
    refuse(key, "one of " + names, *value);
  }

  void refuse_unknown_keys() const {
    for (const auto& item : json_.items()) {
      if (std::find(known_.begin(), known_.end(), item.key()) != known_.end()) continue;
      throw base::Error(fmt::format("{}: unknown key '{}', allowed are {}{}", where_, item.key(),
                                    fmt::join(known_, ", "),
                                    base::did_you_mean(item.key(), known_)));
    }
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& wanted,
                           const Json& got) const {
    throw base::Error(
        fmt::format("{}: key '{}' must be {}, got {}", where_, key, wanted, got.dump()));
  }

 private:
  /// Of what is there and was not asked for, what may have been meant by `missing`.
  std::string slip_for(const std::string& missing) const {
    std::vector<std::string> others;
    for (const auto& item : json_.items()) {
      if (std::find(known_.begin(), known_.end(), item.key()) == known_.end()) {
        others.push_back(item.key());
      }
    }
    const auto slip = base::nearest_name(missing, others);
    return slip ? fmt::format(", there is '{}'", *slip) : "";
  }

  int as_integer(const std::string& key, const Json& value) const {
    if (!value.is_number_integer() || value.get<std::int64_t>() > INT32_MAX ||
        value.get<std::int64_t>() < INT32_MIN) {
      refuse(key, "an integer", value);
    }
    return value.get<int>();
  }

  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

ConvEpitome read_epitome(const Json& json, const std::string& where, int kernel) {
  ObjectReader reader(json, where + ": epitome");
  ConvEpitome epitome;
  epitome.shape.out_channels = reader.integer("out_channels");
  epitome.shape.in_channels = reader.integer("in_channels");
  epitome.shape.height = reader.integer("height", kernel);
  epitome.shape.width = reader.integer("width", kernel);
  if (reader.boolean("wrap", false)) epitome.outputs = OutputBlocks::kWrapped;
  reader.refuse_unknown_keys();
  return epitome;
}

Conv read_conv(ObjectReader& reader) {
  const Conv defaults;
  Conv conv;
  conv.in_channels = reader.integer("in_channels");
  conv.out_channels = reader.integer("out_channels");
  conv.kernel = reader.integer("kernel");
  conv.stride = reader.integer("stride", defaults.stride);
  conv.padding = reader.integer("padding", defaults.padding);
  conv.groups = reader.integer("groups", defaults.groups);
  conv.padding_mode = reader.choice<PaddingMode>(
      "padding_mode", defaults.padding_mode,
      {{"zeros", PaddingMode::kZeros}, {"symmetric", PaddingMode::kSymmetric}});
  conv.weight_bits = reader.integer("weight_bits", defaults.weight_bits);
  conv.activation_bits = reader.integer("activation_bits", defaults.activation_bits);
  conv.point_shift = reader.integer("point_shift", defaults.point_shift);
  if (const Json* epitome = reader.find("epitome")) {
    conv.epitome = read_epitome(*epitome, reader.where(), conv.kernel);
  }
  return conv;
}

Linear read_linear(ObjectReader& reader) {
  const Linear defaults;
  Linear linear;
  linear.in_features = reader.integer("in_features");
  linear.out_features = reader.integer("out_features");
  linear.weight_bits = reader.integer("weight_bits", defaults.weight_bits);
  linear.activation_bits = reader.integer("activation_bits", defaults.activation_bits);
  linear.point_shift = reader.integer("point_shift", defaults.point_shift);
  return linear;
}

Pool read_pool(ObjectReader& reader) {
  const Pool defaults;
  Pool pool;
  pool.mode = reader.choice<PoolMode>("mode", defaults.mode,
                                      {{"max", PoolMode::kMax},
                                       {"average", PoolMode::kAverage},
                                       {"global_average", PoolMode::kGlobalAverage}});
  pool.kernel = reader.integer("kernel", defaults.kernel);
  pool.stride = reader.integer("stride", defaults.stride);
  pool.padding = reader.integer("padding", defaults.padding);
  pool.activation_bits = reader.integer("activation_bits", defaults.activation_bits);
  return pool;
}

/// BatchNorm, LayerNorm or Bias.
template <typename Norm>
Norm read_norm(ObjectReader& reader) {
  Norm norm;
  norm.features = reader.integer("features");
  if (reader.find("output_bits") != nullptr) norm.output_bits = reader.integer("output_bits");
  return norm;
}

MatMul read_matmul(ObjectReader& reader) {
  const MatMul defaults;
  MatMul product;
  product.heads = reader.integer("heads", defaults.heads);
  product.transposed = reader.boolean("transposed", defaults.transposed);
  product.scale = reader.number("scale", defaults.scale);
  product.activation_bits = reader.integer("activation_bits", defaults.activation_bits);
  return product;
}

LayerParameters read_parameters(ObjectReader& reader) {
  const std::string type = reader.text("type");
  if (type == "conv") return read_conv(reader);
  if (type == "linear") return read_linear(reader);
  if (type == "batch_norm") return read_norm<BatchNorm>(reader);
  if (type == "relu") return Relu{};
  if (type == "hardtanh") {
    const HardTanh defaults;
    const int bits = reader.integer("output_bits", defaults.output_bits);
    return HardTanh{bits, reader.number("range", defaults.range)};
  }
  if (type == "pool") return read_pool(reader);
  if (type == "add") {
    const Add defaults;
    const int channels = reader.integer("channels");
    return Add{channels, reader.integer("activation_bits", defaults.activation_bits)};
  }
  if (type == "concat") return Concat{};
  if (type == "flatten") return Flatten{};
  if (type == "dropout") return Dropout{};
  if (type == "bias") return read_norm<Bias>(reader);
  if (type == "tokens") return Tokens{reader.boolean("class_token", Tokens().class_token)};
  if (type == "select_token") return SelectToken{reader.integer("index", SelectToken().index)};
  if (type == "layer_norm") return read_norm<LayerNorm>(reader);
  if (type == "gelu") return Gelu{};
  if (type == "softmax") return Softmax{reader.integer("groups", Softmax().groups)};
  if (type == "matmul") return read_matmul(reader);
  throw base::Error(fmt::format(
      "{}: key 'type' must be one of conv, linear, batch_norm, relu, hardtanh, pool, add, concat, "
      "flatten, dropout, bias, tokens, select_token, layer_norm, gelu, softmax, matmul, got \"{}\"",
      reader.where(), type));
}

std::vector<int> read_inputs(ObjectReader& reader, const std::map<std::string, int>& indices,
                             int previous) {
  const Json* names = reader.find("inputs");
  if (names == nullptr) return {previous};
  if (!names->is_array()) reader.refuse("inputs", "a list of layer names", *names);
  std::vector<int> inputs;
  for (const Json& name : *names) {
    if (!name.is_string()) reader.refuse("inputs", "a list of layer names", *names);
    const auto found = indices.find(name.get<std::string>());
    if (found == indices.end()) {
      throw base::Error(
          fmt::format("{}: key 'inputs': no earlier layer is called {} ({} stands "
                      "for the network's input)",
                      reader.where(), name.dump(), kInputName));
    }
    inputs.push_back(found->second);
  }
  return inputs;
}

std::vector<Layer> read_layers(const Json& list) {
  if (!list.is_array()) throw base::Error("network: key 'layers' must be a list");
  std::vector<Layer> layers;
  std::map<std::string, int> indices{{std::string(kInputName), kNetworkInput}};
  for (const Json& json : list) {
    const int index = static_cast<int>(layers.size());
    std::string where = fmt::format("network layer {}", index);
    if (json.is_object() && json.contains("name") && json["name"].is_string()) {
      where += fmt::format(" '{}'", json["name"].get<std::string>());
    }
    ObjectReader reader(json, where);
    Layer layer;
    layer.name = reader.text("name");
    layer.parameters = read_parameters(reader);
    layer.inputs = read_inputs(reader, indices, index - 1);
    reader.refuse_unknown_keys();
    if (!indices.emplace(layer.name, index).second) {
      throw base::Error(fmt::format("{}: another layer has this name", where));
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

Shape read_shape(const Json& json) {
  ObjectReader reader(json, "network input");
  const Shape shape{reader.integer("channels"), reader.integer("height"), reader.integer("width")};
  reader.refuse_unknown_keys();
  return shape;
}

}  // namespace

Json to_json(const Network& network) {
  const NetworkDescription& d = network.description();
  Json layers = Json::array();
  for (const Layer& layer : d.layers) {
    Json json;
    json["name"] = layer.name;
    json["type"] = type_name(layer.parameters);
    Json inputs = Json::array();
    for (const int input : layer.inputs) {
      inputs.push_back(input == kNetworkInput ? std::string(kInputName)
                                              : d.layers[static_cast<std::size_t>(input)].name);
    }
    json["inputs"] = std::move(inputs);
    std::visit(ParameterWriter{json}, layer.parameters);
    layers.push_back(std::move(json));
  }
  Json json;
  json["name"] = d.name;
  json["input"] = {
      {"channels", d.input.channels}, {"height", d.input.height}, {"width", d.input.width}};
  json["num_classes"] = d.num_classes;
  json["input_bits"] = d.input_bits;
  json["input_scale"] = d.input_scale;
  json["layers"] = std::move(layers);
  return json;
}

Network network_from_json(const Json& json) {
  ObjectReader reader(json, "network");
  NetworkDescription d;
  d.name = reader.text("name");
  d.input = read_shape(reader.required("input"));
  d.num_classes = reader.integer("num_classes");
  d.input_bits = reader.integer("input_bits", d.input_bits);
  d.input_scale = reader.number("input_scale", d.input_scale);
  d.layers = read_layers(reader.required("layers"));
  reader.refuse_unknown_keys();
  return Network(std::move(d));
}

}  // namespace gibbon::nn
