#include "gibbon/hw/hardware_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/hw/component_library.hpp"

namespace gibbon::hw {
namespace {

using base::Json;

template <typename E>
struct EnumNames;

template <>
struct EnumNames<DeviceType> {
  static constexpr std::array<std::string_view, 2> kNames = {"nvm", "sram"};
};
template <>
struct EnumNames<CellType> {
  static constexpr std::array<std::string_view, 2> kNames = {"0T1R", "1T1R"};
};
template <>
struct EnumNames<AreaRule> {
  static constexpr std::array<std::string_view, 2> kNames = {"device_area", "technology"};
};
template <>
struct EnumNames<PimType> {
  static constexpr std::array<std::string_view, 2> kNames = {"analogue", "digital"};
};
template <>
struct EnumNames<TilePlacement> {
  static constexpr std::array<std::string_view, 4> kNames = {"row_by_row", "snake", "squares",
                                                             "zigzag"};
};
template <>
struct EnumNames<PowerDetail> {
  static constexpr std::array<std::string_view, 2> kNames = {"used_cells", "whole_array"};
};

// The one list of keys: readers and writers below are applied to it.

template <typename Visitor>
void visit(Visitor& v, Device& d) {
  v("type", d.type);
  v("technology_nm", d.technology_nm);
  v("area_um2", d.area_um2);
  v("read_voltage_v", d.read_voltage_v);
  v("read_latency_ns", d.read_latency_ns);
  v("levels", d.levels);
  v("resistance_ohm", d.resistance_ohm);
  v("variation_percent", d.variation_percent);
  v("stuck_at_high_percent", d.stuck_at_high_percent);
  v("stuck_at_low_percent", d.stuck_at_low_percent);
}

template <typename Visitor>
void visit(Visitor& v, Crossbar& c) {
  v("rows", c.rows);
  v("columns", c.columns);
  v("subarray_rows", c.subarray_rows);
  v("cell", c.cell);
  v("transistor_technology_nm", c.transistor_technology_nm);
  v("area_rule", c.area_rule);
}

template <typename Visitor>
void visit(Visitor& v, Dac& d) {
  v("choice", d.choice);
  v("bits", d.bits);
  v("area_um2", d.area_um2);
  v("power_w", d.power_w);
  v("sample_rate_gsps", d.sample_rate_gsps);
}

template <typename Visitor>
void visit(Visitor& v, Adc& a) {
  v("choice", a.choice);
  v("bits", a.bits);
  v("accuracy_bits", a.accuracy_bits);
  v("area_um2", a.area_um2);
  v("power_w", a.power_w);
  v("sample_rate_gsps", a.sample_rate_gsps);
}

template <typename Visitor>
void visit(Visitor& v, ProcessingElement& p) {
  v("pim_type", p.pim_type);
  v("polarity", p.polarity);
  v("sub_position", p.sub_position);
  v("groups", p.groups);
  v("dacs_per_subarray", p.dacs_per_subarray);
  v("adcs_per_subarray", p.adcs_per_subarray);
  v("logic_op", p.logic_op);
  v("input_buffer_kb", p.input_buffer_kb);
  v("input_buffer_from_mapping", p.input_buffer_from_mapping);
}

template <typename Visitor>
void visit(Visitor& v, UnitOverride& u) {
  v("area_um2", u.area_um2);
  v("power_w", u.power_w);
}

template <typename Visitor>
void visit(Visitor& v, DigitalModules& d) {
  v("frequency_mhz", d.frequency_mhz);
  v("adder_technology_nm", d.adder_technology_nm);
  v("adder", d.adder);
  v("shift_register_technology_nm", d.shift_register_technology_nm);
  v("shift_register", d.shift_register);
  v("register_technology_nm", d.register_technology_nm);
  v("register", d.reg);
  v("joint_module_technology_nm", d.joint_module_technology_nm);
  v("joint_module", d.joint_module);
}

template <typename Visitor>
void visit(Visitor& v, Tile& t) {
  v("pe_rows", t.pe_rows);
  v("pe_columns", t.pe_columns);
  v("pooling_size", t.pooling_size);
  v("pooling_units", t.pooling_units);
  v("pooling_technology_nm", t.pooling_technology_nm);
  v("inter_tile_bandwidth_gbps", t.inter_tile_bandwidth_gbps);
  v("intra_tile_bandwidth_gbps", t.intra_tile_bandwidth_gbps);
  v("output_buffer_kb", t.output_buffer_kb);
  v("output_buffer_from_mapping", t.output_buffer_from_mapping);
}

template <typename Visitor>
void visit(Visitor& v, Chip& c) {
  v("tile_rows", c.tile_rows);
  v("tile_columns", c.tile_columns);
  v("placement", c.placement);
  v("buffer_technology_nm", c.buffer_technology_nm);
  v("buffer_bitwidth", c.buffer_bitwidth);
}

template <typename Visitor>
void visit(Visitor& v, VectorUnit& u) {
  v("lanes", u.lanes);
  v("technology_nm", u.technology_nm);
  v("voltage_v", u.voltage_v);
}

template <typename Visitor>
void visit(Visitor& v, DigitalCim::ProcessingElements& p) {
  v("count", p.count);
  v("rows", p.rows);
  v("columns", p.columns);
  v("cells_per_column", p.cells_per_column);
  v("weight_bits", p.weight_bits);
  v("input_bits_per_cycle", p.input_bits_per_cycle);
  v("buffer_kb", p.buffer_kb);
  v("buffer_bytes_per_cycle", p.buffer_bytes_per_cycle);
}

template <typename Visitor>
void visit(Visitor& v, DigitalCim::SharedMemory& m) {
  v("size_kb", m.size_kb);
  v("bytes_per_cycle", m.bytes_per_cycle);
}

template <typename Visitor>
void visit(Visitor& v, DigitalCim::Dram& d) {
  v("gb_per_s", d.gb_per_s);
  v("pj_per_bit", d.pj_per_bit);
}

template <typename Visitor>
void visit(Visitor& v, DigitalCim::VectorUnit& u) {
  v("lanes", u.lanes);
}

template <typename Visitor>
void visit(Visitor& v, DigitalCim& d) {
  v("technology_nm", d.technology_nm);
  v("voltage_v", d.voltage_v);
  v("frequency_mhz", d.frequency_mhz);
  v("pe", d.pe);
  v("shared_memory", d.shared_memory);
  v("dram", d.dram);
  v("vector", d.vector);
}

template <typename Visitor>
void visit_crossbars(Visitor& v, HardwareConfig& h) {
  v("device", h.device);
  v("crossbar", h.crossbar);
  v("dac", h.dac);
  v("adc", h.adc);
  v("pe", h.pe);
  v("digital", h.digital);
  v("tile", h.tile);
  v("chip", h.chip);
  v("vector_unit", h.vector_unit);
  v("power_detail", h.power_detail);
}

template <typename Visitor>
void visit(Visitor& v, HardwareConfig& h) {
  v("name", h.name);
  if (h.has_crossbars) visit_crossbars(v, h);
  v("digital_cim", h.digital_cim);
}

template <typename T>
concept Enumeration = std::is_enum_v<T>;
template <typename T>
concept OptionalSection = std::is_same_v<T, std::optional<DigitalCim>>;
template <typename T>
concept RequiredSection = std::is_class_v<T> && !std::is_same_v<T, std::string> &&
                          !std::is_same_v<T, std::vector<double>> &&
                          !std::is_same_v<T, std::optional<double>> && !OptionalSection<T>;

class Writer {
 public:
  template <typename T>
  void operator()(const char* key, T& value) {
    if constexpr (Enumeration<T>) {
      json_[key] = EnumNames<T>::kNames[static_cast<std::size_t>(value)];
    } else if constexpr (RequiredSection<T>) {
      Writer inner;
      visit(inner, value);
      json_[key] = std::move(inner.json_);
    } else if constexpr (OptionalSection<T>) {
      if (value) (*this)(key, *value);
    } else if constexpr (std::is_same_v<T, std::optional<double>>) {
      if (value) json_[key] = *value;
    } else {
      json_[key] = value;
    }
  }

  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

/// Reads the keys of one object and remembers them, so that what is left over can be refused.
class Reader {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json_.is_object()) {
      throw base::Error(fmt::format("hardware: {} is {}, a section with keys is needed",
                                    path_.empty() ? "the configuration" : "'" + path_ + "'",
                                    json_.dump()));
    }
  }

  template <typename T>
  void operator()(const char* key, T& value) {
    known_.emplace_back(key);
    const auto found = json_.find(key);
    if (found != json_.end()) read(*found, full_name(key), value);
  }

  void refuse_unknown() const {
    for (const auto& item : json_.items()) {
      if (std::find(known_.begin(), known_.end(), item.key()) != known_.end()) continue;
      throw base::Error(fmt::format("hardware: unknown key '{}'{}; allowed here are: {}",
                                    full_name(item.key()), base::did_you_mean(item.key(), known_),
                                    fmt::join(known_, ", ")));
    }
  }

 private:
  std::string full_name(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  [[noreturn]] static void refuse(const Json& json, const std::string& name,
                                  std::string_view needed) {
    throw base::Error(fmt::format("hardware: '{}' is {}, {} is needed", name, json.dump(), needed));
  }

  static void read(const Json& json, const std::string& name, std::string& value) {
    if (!json.is_string()) refuse(json, name, "text");
    value = json.get<std::string>();
  }
  static void read(const Json& json, const std::string& name, bool& value) {
    if (!json.is_boolean()) refuse(json, name, "true or false");
    value = json.get<bool>();
  }
  static void read(const Json& json, const std::string& name, double& value) {
    if (!json.is_number()) refuse(json, name, "a number");
    value = json.get<double>();
  }
  static void read(const Json& json, const std::string& name, std::optional<double>& value) {
    read(json, name, value.emplace());
  }
  static void read(const Json& json, const std::string& name, int& value) {
    const bool fits =
        json.is_number_integer() && json.get<double>() >= -1e9 && json.get<double>() <= 1e9;
    if (!fits) refuse(json, name, "a whole number of at most nine digits");
    value = json.get<int>();
  }
  static void read(const Json& json, const std::string& name, std::vector<double>& value) {
    const bool numbers =
        json.is_array() &&
        std::all_of(json.begin(), json.end(), [](const Json& e) { return e.is_number(); });
    if (!numbers) refuse(json, name, "a list of numbers");
    value = json.get<std::vector<double>>();
  }
  template <Enumeration T>
  static void read(const Json& json, const std::string& name, T& value) {
    constexpr auto& kNames = EnumNames<T>::kNames;
    const std::string word = json.is_string() ? json.get<std::string>() : std::string();
    const auto found = std::find(kNames.begin(), kNames.end(), word);
    if (found == kNames.end()) {
      refuse(json, name, fmt::format("one of {}", fmt::join(kNames, ", ")));
    }
    value = static_cast<T>(found - kNames.begin());
  }
  template <OptionalSection T>
  static void read(const Json& json, const std::string& name, T& value) {
    read(json, name, value.emplace());
  }
  template <RequiredSection T>
  static void read(const Json& json, const std::string& name, T& value) {
    Reader inner(json, name);
    if constexpr (std::is_same_v<T, Dac> || std::is_same_v<T, Adc>) start_from_preset(json, value);
    visit(inner, value);
    inner.refuse_unknown();
  }

  template <typename Converter>
  static void start_from_preset(const Json& json, Converter& value) {
    const auto choice = json.find("choice");
    if (choice == json.end() || !choice->is_number_integer() || *choice == -1) return;
    if constexpr (std::is_same_v<Converter, Dac>) {
      value = dac_preset(choice->get<int>());
    } else {
      value = adc_preset(choice->get<int>());
    }
  }

  const Json& json_;
  std::string path_;
  std::vector<std::string> known_;
};

}  // namespace

int Device::bits() const {
  return levels < 1 ? 0 : static_cast<int>(std::bit_width(static_cast<unsigned>(levels))) - 1;
}

base::Json to_json(const HardwareConfig& config) {
  HardwareConfig copy = config;  // one visitor serves readers, which need a mutable reference
  Writer writer;
  visit(writer, copy);
  return writer.take();
}

HardwareConfig hardware_from_json(const base::Json& json) {
  HardwareConfig config;
  Reader reader(json, "");
  visit(reader, config);
  reader.refuse_unknown();
  const std::size_t digital_keys = json.count("name") + json.count("digital_cim");
  config.has_crossbars = !config.digital_cim || json.size() > digital_keys;
  validate(config);
  return config;
}

}  // namespace gibbon::hw
