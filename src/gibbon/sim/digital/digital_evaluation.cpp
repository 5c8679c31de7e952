#include "gibbon/sim/digital/digital_evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"

namespace gibbon::sim {
namespace {

/// Double-buffered rows of weights on their way from DRAM to every PE.
double weight_queue_bytes(const hw::DigitalCim::ProcessingElements& pe) {
  return 2.0 * pe.count * pe.columns * pe.weight_bits / 8;
}

bool holds_weights(const WorkloadStep& step) {
  return step.is_matrix && !step.matrix.computed;
}

class Evaluator {
 public:
  Evaluator(const nn::Network& network, const hw::DigitalCim& cim)
      : network_(network),
        cim_(cim),
        rewritten_(cim),
        technology_(digital_technology(cim.technology_nm, cim.voltage_v)),
        array_(cim_array(cim.pe, technology_)),
        buffer_pj_(sram_pj_per_byte(technology_, cim.pe.buffer_kb)),
        shared_pj_(sram_pj_per_byte(technology_, cim.shared_memory.size_kb)),
        steps_(digital_workload(network)) {}

  base::Result<DigitalEvaluation> run() {
    place();
    result_.steps.reserve(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (auto problem = add_step(i)) return *problem;
    }
    result_.areas = chip_areas(cim_, technology_);
    return std::move(result_);
  }

 private:
  /// Weights stay in the arrays if all fit there, else in the shared memory if they fit there
  /// beside all activations, else they come from DRAM at every inference.
  void place() {
    const double memory =
        cim_.shared_memory.size_kb * hw::kBytesPerKb - weight_queue_bytes(cim_.pe);
    long cells = 0;
    double weights = 0;
    for (const WorkloadStep& step : steps_) {
      if (!holds_weights(step)) continue;
      cells += cells_needed(step.matrix, cim_);
      weights += step.matrix.stationary_bytes();
    }
    placement_ = place_activations(steps_, memory);
    // Operands that are computed need cells to be written, too: two, one of them at work.
    if (cells + 2 <= cim_.pe.cells_per_column) {
      result_.weights = StationaryHome::kArrays;
      rewritten_.pe.cells_per_column -= static_cast<int>(cells);
      return;
    }
    Placement beside = place_activations(steps_, memory - weights);
    const bool all = std::none_of(beside.in_dram.begin(), beside.in_dram.end(),
                                  [](bool in_dram) { return in_dram; });
    if (!all) return;
    result_.weights = StationaryHome::kSharedMemory;
    placement_ = std::move(beside);
  }

  std::optional<base::Infeasible> add_step(std::size_t index) {
    DigitalStep step;
    step.work = steps_[index];
    const std::string& name =
        network_.layers()[static_cast<std::size_t>(step.work.network_index)].name;
    if (!step.work.is_matrix) {
      run_vector(index, step);
    } else if (!run_matrix(index, step)) {
      return base::Infeasible{
          fmt::format("layer '{}': a PE's buffer of {} KB is too small for one position", name,
                      cim_.pe.buffer_kb)};
    }
    result_.steps.push_back(std::move(step));
    return std::nullopt;
  }

  bool in_dram(int source) const {
    return source == nn::kNetworkInput || placement_.in_dram[static_cast<std::size_t>(source)];
  }
  bool streams_from_dram(const WorkloadStep& work) const {
    const std::size_t streaming = work.matrix.computed ? 1 : work.sources.size();
    return std::any_of(work.sources.begin(),
                       work.sources.begin() + static_cast<std::ptrdiff_t>(streaming),
                       [this](int source) { return in_dram(source); });
  }

  StationaryHome home_of(const WorkloadStep& work) const {
    if (!work.matrix.computed) return result_.weights;
    return in_dram(work.sources.back()) ? StationaryHome::kDram : StationaryHome::kSharedMemory;
  }

  bool run_matrix(std::size_t index, DigitalStep& step) {
    const TilingProblem problem{step.work.matrix,
                                step.work.input_bytes,
                                step.work.output_bytes,
                                home_of(step.work),
                                streams_from_dram(step.work),
                                placement_.in_dram[index],
                                placement_.spare_bytes[index]};
    const Tiled* tiled = tile(problem);
    if (tiled == nullptr) return false;
    const TilingModel& model = tiled->model;
    const TilingCost& cost = tiled->best.cost;
    step.tiling = tiled->best.tiling;
    step.pes = step.tiling.groups * step.tiling.k * step.tiling.n * step.tiling.m;
    step.used_cells = model.used_cells();
    take_cycles(cost.cycles, cost.busy, step);
    step.dram_bytes = cost.dram_bytes;
    step.shared_bytes = cost.shared_bytes;
    const double written_bits =
        model.stays() ? 0 : step.work.matrix.stationary_bytes() * 8 * step.tiling.m;
    add_energy(Component::kCrossbar, model.array_cycles_of_macs() * array_.mac_cycle_pj, step);
    add_energy(Component::kArrayWrite, written_bits * array_.write_bit_pj, step);
    add_energy(Component::kPeBuffer, model.buffer_bytes() * buffer_pj_, step);
    add_traffic_energy(step);
    return true;
  }

  /// Reads its inputs and writes its result while it computes.
  void run_vector(std::size_t index, DigitalStep& step) {
    const WorkloadStep& work = step.work;
    const bool reads_dram = streams_from_dram(work);
    step.shared_bytes = work.input_bytes + work.output_bytes;
    step.dram_bytes =
        (reads_dram ? work.input_bytes : 0) + (placement_.in_dram[index] ? work.output_bytes : 0);
    ByResource busy;
    busy[Resource::kVector] = work.vector_ops / cim_.vector.lanes;
    busy[Resource::kSharedMemory] = step.shared_bytes / cim_.shared_memory.bytes_per_cycle;
    busy[Resource::kDram] = step.dram_bytes * cim_.frequency_mhz / (cim_.dram.gb_per_s * 1e3);
    take_cycles(busy[busy.largest()], busy, step);
    add_energy(Component::kVectorUnit, work.vector_ops * vector_op_pj(technology_), step);
    add_traffic_energy(step);
  }

  void take_cycles(double cycles, const ByResource& busy, DigitalStep& step) const {
    const double cycle_ns = 1e3 / cim_.frequency_mhz;
    step.time_ns = cycles * cycle_ns;
    for (std::size_t i = 0; i < kResourceCount; ++i) {
      step.busy_ns.values[i] = busy.values[i] * cycle_ns;
    }
  }

  void add_energy(Component component, double picojoules, DigitalStep& step) const {
    step.energy_nj[component] += picojoules * kNanoPerPico;
  }
  void add_traffic_energy(DigitalStep& step) const {
    add_energy(Component::kSharedMemory, step.shared_bytes * shared_pj_, step);
    add_energy(Component::kDram, step.dram_bytes * 8 * cim_.dram.pj_per_bit, step);
  }

  /// A product's best tiling; layers of equal shape share it.
  struct Tiled {
    TilingProblem problem;
    TilingModel model;
    BestTiling best;
  };
  const Tiled* tile(const TilingProblem& problem) {
    for (const Tiled& known : tiled_) {
      if (known.problem == problem) return &known;
    }
    const bool stays = problem.stationary == StationaryHome::kArrays;
    const auto best = best_tiling(problem, stays ? cim_ : rewritten_);
    if (!best) return nullptr;
    return &tiled_.emplace_back(Tiled{problem, TilingModel(problem, cim_), *best});
  }

  const nn::Network& network_;
  const hw::DigitalCim& cim_;
  hw::DigitalCim rewritten_;  ///< with the cells alone that weights which stay leave free
  DigitalTechnology technology_;
  CimArray array_;
  double buffer_pj_;
  double shared_pj_;
  std::vector<WorkloadStep> steps_;
  Placement placement_;
  std::deque<Tiled> tiled_;
  DigitalEvaluation result_;
};

}  // namespace

double DigitalEvaluation::latency_ns() const {
  double latency = 0;
  for (const DigitalStep& step : steps) latency += step.time_ns;
  return latency;
}

Placement place_activations(const std::vector<WorkloadStep>& steps, double memory_bytes) {
  std::vector<std::size_t> last_reader(steps.size(), 0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const int source : steps[i].sources) {
      if (source >= 0) last_reader[static_cast<std::size_t>(source)] = i;
    }
  }
  Placement placement;
  std::vector<std::size_t> living;
  double used = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double free = memory_bytes - used;
    const bool fits = steps[i].output_bytes <= free;
    placement.in_dram.push_back(!fits);
    placement.spare_bytes.push_back(free);
    if (fits) {
      living.push_back(i);
      used += steps[i].output_bytes;
    }
    std::erase_if(living, [&](std::size_t step) {
      if (last_reader[step] > i || step == i) return false;
      used -= steps[step].output_bytes;
      return true;
    });
  }
  return placement;
}

base::Result<DigitalEvaluation> evaluate_digital(const nn::Network& network,
                                                 const hw::DigitalCim& cim) {
  if (has_epitomes(network)) throw base::Error("the cost model 'digital_cim' knows no epitomes");
  return Evaluator(network, cim).run();
}

}  // namespace gibbon::sim
