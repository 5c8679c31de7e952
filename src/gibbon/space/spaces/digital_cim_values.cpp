#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"
#include "gibbon/space/spaces/cimnet.hpp"

namespace gibbon::space {

namespace {

using hw::DigitalCim;

struct CimValue {
  std::string key;
  std::function<double(const DigitalCim&)> get;
  std::function<void(DigitalCim&, double)> set;
};

template <typename Section, typename T>
CimValue value_of(std::string key, Section DigitalCim::*section, T Section::*field) {
  return {std::move(key),
          [=](const DigitalCim& cim) { return static_cast<double>(cim.*section.*field); },
          [=](DigitalCim& cim, double value) { cim.*section.*field = static_cast<T>(value); }};
}

const std::vector<CimValue>& all_values() {
  using Pe = DigitalCim::ProcessingElements;
  using Shared = DigitalCim::SharedMemory;
  static const std::vector<CimValue> kValues = {
      value_of("pe.count", &DigitalCim::pe, &Pe::count),
      value_of("pe.rows", &DigitalCim::pe, &Pe::rows),
      value_of("pe.columns", &DigitalCim::pe, &Pe::columns),
      value_of("pe.cells_per_column", &DigitalCim::pe, &Pe::cells_per_column),
      value_of("pe.input_bits_per_cycle", &DigitalCim::pe, &Pe::input_bits_per_cycle),
      value_of("pe.buffer_kb", &DigitalCim::pe, &Pe::buffer_kb),
      value_of("pe.buffer_bytes_per_cycle", &DigitalCim::pe, &Pe::buffer_bytes_per_cycle),
      value_of("shared_memory.size_kb", &DigitalCim::shared_memory, &Shared::size_kb),
      value_of("shared_memory.bytes_per_cycle", &DigitalCim::shared_memory,
               &Shared::bytes_per_cycle),
      value_of("dram.gb_per_s", &DigitalCim::dram, &DigitalCim::Dram::gb_per_s),
      value_of("vector.lanes", &DigitalCim::vector, &DigitalCim::VectorUnit::lanes),
  };
  return kValues;
}

const CimValue& entry_of(std::string_view key) {
  for (const CimValue& value : all_values()) {
    if (value.key == key) return value;
  }
  const std::vector<std::string> keys = digital_cim_keys();
  throw base::Error(fmt::format("digital_cim has no number '{}'{} (allowed: {})", key,
                                base::did_you_mean(key, keys), fmt::join(keys, ", ")));
}

}  // namespace

std::vector<std::string> digital_cim_keys() {
  std::vector<std::string> keys;
  for (const CimValue& value : all_values()) keys.push_back(value.key);
  return keys;
}

double digital_cim_value(const DigitalCim& cim, std::string_view key) {
  return entry_of(key).get(cim);
}

void set_digital_cim_value(DigitalCim& cim, std::string_view key, double value) {
  const CimValue& entry = entry_of(key);
  entry.set(cim, value);
  if (entry.get(cim) == value) return;
  throw base::Error(fmt::format("{} is {}, it must be a whole number", key, value));
}

}  // namespace gibbon::space
