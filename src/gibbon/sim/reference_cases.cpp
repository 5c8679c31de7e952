#include "gibbon/sim/reference_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"
#include "gibbon/hw/importers/mnsim_ini.hpp"
#include "gibbon/nn/importers/mnsim_case.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"

namespace gibbon::sim {
namespace {

using base::Json;

/// Collects the comparisons of one case under the kind and the place of each.
class Comparison {
 public:
  explicit Comparison(CaseReport& report) : report_(report) {}

  void at(std::string part, std::string place) {
    part_ = std::move(part);
    place_ = std::move(place);
  }

  void check(std::string_view key, double ours, const Json& expected) {
    const double reference = expected.get<double>();
    double error = std::abs(ours - reference);
    if (reference != 0) error /= std::abs(reference);
    if (!std::isfinite(error)) error = 1e300;
    note(key, error);
  }

  void check_equal(std::string_view key, const Json& ours, const Json& expected) {
    note(key, ours == expected ? 0 : 1e300);
  }

 private:
  void note(std::string_view key, double error) {
    double& worst = report_.error_by_quantity[fmt::format("{}.{}", part_, key)];
    worst = std::max(worst, error);
    if (error < report_.worst_relative_error || (error == 0 && !report_.worst_quantity.empty())) {
      return;
    }
    report_.worst_relative_error = error;
    report_.worst_quantity = place_.empty() ? fmt::format("{}.{}", part_, key)
                                            : fmt::format("{}.{}.{}", part_, place_, key);
  }

  CaseReport& report_;
  std::string part_;
  std::string place_;
};

struct Key {
  const char* name;
  Component component;
};

constexpr Key kDigitalKeys[] = {{"adder", Component::kAdder},
                                {"shiftreg", Component::kShiftRegister},
                                {"iReg", Component::kInputRegister},
                                {"oReg", Component::kOutputRegister},
                                {"input_demux", Component::kDemux},
                                {"output_mux", Component::kMux},
                                {"jointmodule", Component::kJointModule}};
constexpr Key kOtherKeys[] = {{"xbar", Component::kCrossbar},
                              {"ADC", Component::kAdc},
                              {"DAC", Component::kDac},
                              {"pooling", Component::kPooling}};

std::string layer_place(std::size_t index) {
  return fmt::format("layer {}", index);
}

Json relative_indices(std::span<const int> numbers, std::size_t from) {
  Json list = Json::array();
  for (const int number : numbers) list.push_back(number - static_cast<int>(from));
  return list;
}

const char* type_of(ComputeKind kind) {
  switch (kind) {
    case ComputeKind::kConv:
      return "conv";
    case ComputeKind::kLinear:
      return "fc";
    case ComputeKind::kPool:
      return "pooling";
    case ComputeKind::kAdd:
      return "element_sum";
    case ComputeKind::kVector:
      return "vector";  // MNSIM has none
  }
  return "";
}

void compare_structure(const MnsimEvaluation& ours, const Json& expected, Comparison& out) {
  const auto& layers = ours.graph.layers;
  out.at("structure", "");
  out.check("layer count", static_cast<double>(layers.size()), expected.size());
  for (std::size_t i = 0; i < layers.size() && i < expected.size(); ++i) {
    const ComputeLayer& layer = layers[i];
    const Json& reference = expected[i];
    out.at("structure", layer_place(i));
    out.check_equal("type", type_of(layer.kind), reference.at("type"));
    // The reference simulator writes the network's input as -1 relative to layer 0 alone.
    out.check_equal("Inputindex", relative_indices(ours.graph.sources_of(layer), i),
                    reference.at("Inputindex"));
    out.check_equal("Outputindex", relative_indices(ours.graph.destinations_of(layer), i),
                    reference.at("Outputindex"));
    if (layer.kind == ComputeKind::kAdd) continue;
    out.check("Inputbit", layer.input_bits, reference.at("Inputbit"));
    out.check("outputbit", layer.output_bits, reference.at("outputbit"));
    out.check("Outputchannel", layer.out_channels, reference.at("Outputchannel"));
    out.check_equal("Outputsize", Json{layer.out_height, layer.out_width},
                    reference.at("Outputsize"));
    if (layer.kind != ComputeKind::kPool) {
      out.check("Weightbit", layer.weight_bits, reference.at("Weightbit"));
      out.check("row_split_num", ours.mapping.layers[i].my, reference.at("row_split_num"));
    }
    if (layer.kind == ComputeKind::kLinear) continue;
    out.check("Inputchannel", layer.in_channels, reference.at("Inputchannel"));
    out.check_equal("Inputsize", Json{layer.in_height, layer.in_width}, reference.at("Inputsize"));
    out.check("Kernelsize", layer.kernel, reference.at("Kernelsize"));
    out.check("Stride", layer.stride, reference.at("Stride"));
    out.check("Padding", layer.padding, reference.at("Padding"));
  }
}

Json tiles_in_rows(std::span<const TilePosition> tiles) {
  std::vector<std::pair<int, int>> sorted;
  for (const TilePosition& tile : tiles) sorted.emplace_back(tile.row, tile.column);
  std::sort(sorted.begin(), sorted.end());
  return Json(sorted);
}

void compare_mapped_layer(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                          std::size_t i, const Json& reference, Comparison& out) {
  const LayerMapping& mapped = ours.mapping.layers[i];
  const ComputeLayer& layer = ours.graph.layers[i];
  out.check("startid", mapped.first_tile, reference.at("startid"));
  out.check("tilenum", mapped.tile_count, reference.at("tilenum"));
  out.check("transLayer_distance", mapped.transfer_distance, reference.at("transLayer_distance"));
  out.check("inLayer_distance", mapped.in_layer_distance, reference.at("inLayer_distance"));
  if (layer.kind == ComputeKind::kAdd) return;
  out.check("mx", mapped.mx, reference.at("mx"));
  out.check("my", mapped.my, reference.at("my"));
  out.check("PEnum", mapped.pe_count, reference.at("PEnum"));
  out.check("max_PE", mapped.pes_per_tile, reference.at("max_PE"));
  out.check("max_row", mapped.rows, reference.at("max_row"));
  out.check("max_column", mapped.columns, reference.at("max_column"));
  out.check("max_group", mapped.bit_planes, reference.at("max_group"));
  const bool last = i + 1 == ours.graph.layers.size();
  out.check("is_branchout", mapped.leaves_tiles || last ? 1 : -1, reference.at("is_branchout"));
  out.check_equal("tiles_row_major", tiles_in_rows(ours.mapping.tiles_of(mapped)),
                  reference.at("tiles_row_major"));
  const Json& node = reference.at("aggregate_node");
  out.check("aggregate_node row", mapped.aggregate.row, node.at(0));
  out.check("aggregate_node column", mapped.aggregate.column, node.at(1));
  const int arrays = layer.kind == ComputeKind::kPool
                         ? 0
                         : mapped.pe_count * hardware.pe.groups * hardware.pe.polarity;
  out.check("physical_crossbars", arrays, reference.at("physical_crossbars"));
}

void compare_mapping(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                     const Json& expected, Comparison& out) {
  const ChipMapping& mapping = ours.mapping;
  out.at("mapping", "");
  out.check("used_tile_num", mapping.used_tiles, expected.at("used_tile_num"));
  out.check("tile_total_num", hardware.chip.tile_rows * hardware.chip.tile_columns,
            expected.at("tile_total_num"));
  out.check("printed_total_crossbar_number", mapping.pe_count,
            expected.at("printed_total_crossbar_number"));
  out.check("max_inbuf_size_KB", mapping.input_buffer_kb, expected.at("max_inbuf_size_KB"));
  out.check("max_outbuf_size_KB", mapping.output_buffer_kb, expected.at("max_outbuf_size_KB"));
  out.check("global_buf_size_KB", mapping.global_buffer_kb, expected.at("global_buf_size_KB"));
  out.check("global_data_size_B", mapping.global_data_bytes, expected.at("global_data_size_B"));
  out.check("global_adder_num", mapping.global_adders, expected.at("global_adder_num"));
  out.check("global_adder_bitwidth", mapping.global_adder_bits,
            expected.at("global_adder_bitwidth"));
  for (std::size_t i = 0; i < mapping.layers.size(); ++i) {
    out.at("mapping", layer_place(i));
    compare_mapped_layer(ours, hardware, i, expected.at("layers").at(i), out);
  }
}

/// The reference's sums over positions. An add's own time is its 10 ns of "digital".
void compare_busy(const MnsimEvaluation& ours, std::size_t i, const Json& reference,
                  Comparison& out) {
  const ComponentValues& busy = ours.figures[i].busy_ns;
  const LayerTiming& timing = ours.timings[i];
  const bool add = ours.graph.layers[i].kind == ComputeKind::kAdd;
  const double positions = ours.graph.layers[i].positions();
  double digital = 0;
  for (const Key& key : kDigitalKeys) {
    digital += busy[key.component];
    if (add && key.component == Component::kAdder) continue;
    out.check(key.name, busy[key.component], reference.at(key.name));
  }
  for (const Key& key : kOtherKeys) {
    out.check(key.name, busy[key.component], reference.at(key.name));
  }
  const double read = busy[Component::kBufferRead];
  const double write = busy[Component::kBufferWrite];
  out.check("digital", digital, reference.at("digital"));
  out.check("buffer_r", read, reference.at("buffer_r"));
  out.check("buffer_w", write, reference.at("buffer_w"));
  out.check("buffer", read + write, reference.at("buffer"));
  out.check("computing", busy[Component::kCrossbar] + busy[Component::kAdc] + busy[Component::kDac],
            reference.at("computing"));
  out.check("intra_tile", busy[Component::kIntraTile], reference.at("intra_tile"));
  out.check("inter_tile", busy[Component::kInterTile], reference.at("inter_tile"));
  out.check("tile_merge", positions * timing.merge_ns, reference.at("tile_merge"));
  out.check("tile_transfer", positions * timing.transfer_ns, reference.at("tile_transfer"));
}

double occupancy_of(const MnsimEvaluation& ours, std::size_t i) {
  const auto counts = count_positions(ours.graph.layers[i]);
  double busy = 0;
  for (std::size_t c = 0; c < kPositionClasses; ++c) {
    busy += counts[c] * ours.timings[i].position_ns[c];
  }
  return busy / (ours.timeline.layer_finish[i] - ours.timeline.layer_begin[i]);
}

void compare_times(const MnsimEvaluation& ours, std::size_t i, const Json& reference,
                   Comparison& out) {
  const ComputeLayer& layer = ours.graph.layers[i];
  const auto begin = ours.timeline.begins_of(i);
  const auto finish = ours.timeline.finishes_of(i);
  // The reference lists a linear layer's single operation once for each output.
  const double copies = layer.kind == ComputeKind::kLinear ? layer.out_channels : 1;
  const auto sum = [copies](std::span<const double> times) {
    double total = 0;
    for (const double time : times) total += time;
    return copies * total;
  };
  out.check("num_outputs", copies * layer.positions(), reference.at("num_outputs"));
  out.check("begin_first", begin.front(), reference.at("begin_first"));
  out.check("begin_last", begin.back(), reference.at("begin_last"));
  out.check("finish_first", finish.front(), reference.at("finish_first"));
  out.check("finish_last", finish.back(), reference.at("finish_last"));
  out.check("begin_min", ours.timeline.layer_begin[i], reference.at("begin_min"));
  out.check("finish_max", ours.timeline.layer_finish[i], reference.at("finish_max"));
  out.check("sum_begin", sum(begin), reference.at("sum_begin"));
  out.check("sum_finish", sum(finish), reference.at("sum_finish"));
  const Json& samples = reference.at("samples");
  for (std::size_t s = 0; s < samples.at("pos").size(); ++s) {
    const std::size_t position =
        layer.kind == ComputeKind::kLinear ? 0 : samples.at("pos").at(s).get<std::size_t>();
    out.check("samples begin", begin[position], samples.at("begin").at(s));
    out.check("samples finish", finish[position], samples.at("finish").at(s));
  }
  const int source = ours.graph.sources_of(layer).front();
  const double before =
      source < 0 ? 0 : ours.timeline.layer_finish[static_cast<std::size_t>(source)];
  // A difference of two times near in size: what is compared is their distance on the time's scale.
  out.check("layer_latency_printed", before + (ours.timeline.layer_finish[i] - before),
            before + reference.at("layer_latency_printed").get<double>());
}

void compare_schedule(const MnsimEvaluation& ours, const std::string& schedule,
                      const Json& expected, Comparison& out) {
  const std::string part = "latency " + schedule;
  out.at(part, "");
  out.check("entire_latency_ns", printed_latency_ns(ours.graph, ours.timeline),
            expected.at("entire_latency_ns"));
  out.check("true_max_finish_ns", ours.timeline.latest_finish(), expected.at("true_max_finish_ns"));
  for (std::size_t i = 0; i < ours.graph.layers.size(); ++i) {
    const Json& reference = expected.at("layers").at(i);
    out.at(part, layer_place(i));
    compare_times(ours, i, reference, out);
    compare_busy(ours, i, reference.at("totals"), out);
    const bool one_by_one = schedule == "nopipe";
    out.check("occupancy", one_by_one ? 1 : occupancy_of(ours, i), reference.at("occupancy"));
  }
}

/// What one set of figures (area, power or energy) adds up to in the reference's own terms.
struct ModuleSums {
  ComponentValues parts;
  double digital = 0;
  double total = 0;

  explicit ModuleSums(const ComponentValues& values, bool adder_counts) : parts(values) {
    for (const Key& key : kDigitalKeys) {
      if (key.component != Component::kAdder || adder_counts) digital += values[key.component];
    }
    for (const Key& key : kOtherKeys) total += values[key.component];
    total += digital + buffer();
  }
  double buffer() const { return parts[Component::kBufferRead] + parts[Component::kBufferWrite]; }
};

void compare_modules(const ModuleSums& ours, const Json& reference, Comparison& out) {
  for (const Key& key : kDigitalKeys) {
    if (reference.contains(key.name)) {
      out.check(key.name, ours.parts[key.component], reference.at(key.name));
    }
  }
  for (const Key& key : kOtherKeys) {
    out.check(key.name, ours.parts[key.component], reference.at(key.name));
  }
  out.check("digital", ours.digital, reference.at("digital"));
  out.check("buf", ours.buffer(), reference.at("buf"));
  if (reference.contains("buf_r")) {
    out.check("buf_r", ours.parts[Component::kBufferRead], reference.at("buf_r"));
    out.check("buf_w", ours.parts[Component::kBufferWrite], reference.at("buf_w"));
  }
  if (reference.contains("total")) out.check("total", ours.total, reference.at("total"));
}

using Figure = ComponentValues MnsimEvaluation::Figures::*;

ComponentValues sum_of(const MnsimEvaluation& ours, Figure figure) {
  ComponentValues sum;
  for (const auto& layer : ours.figures) {
    for (std::size_t c = 0; c < kComponentCount; ++c) sum.values[c] += (layer.*figure).values[c];
  }
  return sum;
}

/// `accumulator` is what the printed module totals get for the adds' accumulator, while the total
/// does not [Q17].
void compare_figure(const MnsimEvaluation& ours, Figure figure, const ComponentValues& accumulator,
                    const std::string& part, const Json& expected, Comparison& out) {
  const bool adder_counts = part != "energy";  // [Q19]
  ComponentValues sum = sum_of(ours, figure);
  out.at(part, "");
  out.check("total", ModuleSums(sum, adder_counts).total, expected.at("total"));
  for (std::size_t i = 0; i < ours.figures.size(); ++i) {
    out.at(part, layer_place(i));
    compare_modules(ModuleSums(ours.figures[i].*figure, adder_counts), expected.at("layers").at(i),
                    out);
  }
  for (std::size_t c = 0; c < kComponentCount; ++c) sum.values[c] += accumulator.values[c];
  ModuleSums modules(sum, adder_counts);
  if (!adder_counts) modules.digital += accumulator[Component::kAdder];
  out.at(part, "modules");
  compare_modules(modules, expected.at("modules"), out);
}

void compare_figures(const MnsimEvaluation& ours, const hw::HardwareConfig& hardware,
                     const Json& expected, Comparison& out) {
  const Unit adder = adder_unit(hardware.digital, ours.mapping.global_adder_bits);
  const double adders = ours.mapping.global_adders;
  const Buffer& buffer = ours.buffers.global;

  ComponentValues area;
  area[Component::kAdder] = adder.area_um2 * adders;
  area[Component::kBufferRead] = buffer.area_um2;
  compare_figure(ours, &MnsimEvaluation::Figures::area_um2, area, "area", expected.at("area_um2"),
                 out);
  ComponentValues power;
  power[Component::kAdder] = adder.power_w * adders;
  power[Component::kBufferRead] = buffer.read_power_w;
  power[Component::kBufferWrite] = buffer.write_power_w;
  compare_figure(ours, &MnsimEvaluation::Figures::power_w, power, "power", expected.at("power_W"),
                 out);
  ComponentValues energy;
  // 1/MHz taken for a time in ns: a slip in the reference's printed module totals only.
  energy[Component::kAdder] = adder.power_w * adders / hardware.digital.frequency_mhz;
  compare_figure(ours, &MnsimEvaluation::Figures::energy_nj, energy, "energy",
                 expected.at("energy_nJ"), out);

  const Json& global_area = expected.at("area_um2").at("global");
  out.at("global", "");
  out.check("adder_area", adder.area_um2, global_area.at("adder_area"));
  out.check("adder_num", adders, global_area.at("adder_num"));
  out.check("buf_area", buffer.area_um2, global_area.at("buf_area"));
  out.check("buf_size_KB", ours.buffers.global_kb, global_area.at("buf_size_KB"));
  out.check("accumulator_layer_area", area.sum(), global_area.at("accumulator_layer_area"));
  const Json& global_power = expected.at("power_W").at("global");
  out.check("adder_power", adder.power_w, global_power.at("adder_power"));
  out.check("buf_rpower_mW", buffer.read_power_w * 1e3, global_power.at("buf_rpower_mW"));
  out.check("buf_wpower_mW", buffer.write_power_w * 1e3, global_power.at("buf_wpower_mW"));
}

InputBitRule rule_of(const Json& mode) {
  if (mode == "own") return InputBitRule::kOwn;
  if (mode == "propagated") return InputBitRule::kPropagated;
  throw base::Error(fmt::format("input_bit_mode is {}, allowed are own, propagated", mode.dump()));
}

/// Runs the three schedules and compares everything; what does not depend on the schedule once.
void compare_case(const Json& json, Comparison& out, CaseReport& report) {
  const nn::Network network = nn::network_from_mnsim_case(json.at("network"));
  const hw::HardwareConfig hardware = hw::hardware_from_mnsim_sections(json.at("hardware"));
  const Json& expected = json.at("expected");
  struct Run {
    const char* name;
    ScheduleMode mode;
  };
  constexpr Run kRuns[] = {{"pipe_mode1", ScheduleMode::kPipelined},
                           {"pipe_mode0", ScheduleMode::kPipelinedRowFills},
                           {"nopipe", ScheduleMode::kLayerByLayer}};
  MnsimOptions options;
  options.input_bits = rule_of(json.at("input_bit_mode"));
  options.count_adder_energy = true;
  MnsimEvaluation ours;
  for (const Run& run : kRuns) {
    options.schedule = run.mode;
    if (auto reason = evaluate_mnsim(network, hardware, options, true, ours)) {
      report.failure = "infeasible: " + reason->reason;
      return;
    }
    compare_schedule(ours, run.name, expected.at("latency").at(run.name), out);
    if (run.mode == ScheduleMode::kLayerByLayer) {
      out.at("latency nopipe", "");
      out.check("energy_total_nJ",
                ModuleSums(sum_of(ours, &MnsimEvaluation::Figures::energy_nj), false).total,
                expected.at("latency").at("nopipe").at("energy_total_nJ"));
      out.check("summary", printed_latency_ns(ours.graph, ours.timeline),
                expected.at("summary").at("latency_nopipe_ns"));
    }
    if (run.mode != ScheduleMode::kPipelined) continue;
    compare_structure(ours, expected.at("structure"), out);
    compare_mapping(ours, hardware, expected.at("mapping"), out);
    compare_figures(ours, hardware, expected, out);
    out.at("summary", "");
    out.check("tiles", ours.mapping.used_tiles, expected.at("summary").at("tiles"));
    out.check("latency_ns", printed_latency_ns(ours.graph, ours.timeline),
              expected.at("summary").at("latency_ns"));
  }
}

}  // namespace

CaseReport verify_hardware_case(const std::filesystem::path& path) {
  CaseReport report;
  report.name = path.stem().string();
  const std::string text = base::read_file(path);
  try {
    const Json json = Json::parse(text);
    if (json.value("kind", "") != "hardware") {
      throw base::Error("'kind' is not \"hardware\": no reference case of hardware figures");
    }
    report.name = json.value("name", report.name);
    Comparison comparison(report);
    compare_case(json, comparison, report);
  } catch (const Json::exception& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  }
  if (report.failure.empty() && report.worst_relative_error > kReferenceTolerance) {
    report.failure = fmt::format("{} is off by {:.3g}, allowed is {:.3g}", report.worst_quantity,
                                 report.worst_relative_error, kReferenceTolerance);
  }
  report.passed = report.failure.empty();
  return report;
}

}  // namespace gibbon::sim
