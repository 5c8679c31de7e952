#include "gibbon/sim/digital/tiling.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

constexpr double kPartialSumBytes = 4;

double bytes_of_bits(int bits) {
  return bits / 8.0;
}

/// Reads and writes of a partial sum that is built in `parts` parts: the first is only written.
double accumulations(double parts) {
  return 2 * parts - 1;
}

bool better(const TilingCost& a, const TilingCost& b) {
  return std::tie(a.cycles, a.dram_bytes, a.shared_bytes) <
         std::tie(b.cycles, b.dram_bytes, b.shared_bytes);
}

/// The best of the tilings that it is shown.
class Best {
 public:
  void offer(const TilingModel& model, const Tiling& tiling) {
    const auto cost = model.cost(tiling);
    if (cost && (!found_ || better(*cost, found_->cost))) found_ = BestTiling{tiling, *cost};
  }
  double cycles() const {
    return found_ ? found_->cost.cycles : std::numeric_limits<double>::infinity();
  }
  const std::optional<BestTiling>& found() const { return found_; }

 private:
  std::optional<BestTiling> found_;
};

/// The numbers up to `most` of which none smaller cuts `blocks` into parts as small.
std::vector<int> useful_cuts(long blocks, int most) {
  std::vector<int> cuts;
  const long limit = std::min<long>(blocks, most);
  for (long cut = 1; cut <= limit;) {
    cuts.push_back(static_cast<int>(cut));
    const long part = ceil_div(blocks, cut);
    if (part == 1) break;
    cut = ceil_div(blocks, part - 1);
  }
  return cuts;
}

/// Calls visit(grid) for each useful grid; PEs that are left over share the positions.
template <typename Visit>
void for_each_grid(long groups, long k_blocks, long n_blocks, long positions, int pes, bool copies,
                   const Visit& visit) {
  for (const int g : useful_cuts(groups, pes)) {
    for (const int k : useful_cuts(k_blocks, pes / g)) {
      for (const int n : useful_cuts(n_blocks, pes / g / k)) {
        Tiling grid;
        grid.groups = g;
        grid.k = k;
        grid.n = n;
        grid.m = copies ? static_cast<int>(std::min<long>(positions, pes / g / k / n)) : 1;
        visit(grid);
      }
    }
  }
}

/// Every way to use up to `cells` cells of a column.
template <typename Visit>
void for_each_cells(const TilingModel& model, Tiling grid, int cells, const Visit& visit) {
  const long k_blocks = ceil_div(model.k_blocks(), grid.k);
  const long n_blocks = ceil_div(model.n_blocks(), grid.n);
  for (int k = 1; k <= std::min<long>(k_blocks, cells); ++k) {
    for (int n = 1; n <= std::min<long>(n_blocks, cells / k); ++n) {
      grid.k_cells = k;
      grid.n_cells = n;
      visit(grid);
    }
  }
}

long product_blocks(long length, long block) {
  return ceil_div(length, block);
}

long columns_of(const MatrixProduct& product, const hw::DigitalCim::ProcessingElements& pe) {
  return product.n * ceil_div(product.weight_bits, pe.weight_bits);
}

}  // namespace

std::string_view resource_name(Resource resource) {
  static constexpr std::array<std::string_view, kResourceCount> kNames = {
      "dram", "shared memory", "array write", "pe buffer", "compute", "vector"};
  return kNames[static_cast<std::size_t>(resource)];
}

Resource ByResource::largest() const {
  return static_cast<Resource>(std::max_element(values.begin(), values.end()) - values.begin());
}

TilingModel::TilingModel(const TilingProblem& problem, const hw::DigitalCim& cim)
    : problem_(problem),
      pe_(cim.pe),
      shared_bytes_per_cycle_(cim.shared_memory.bytes_per_cycle),
      dram_bytes_per_cycle_(cim.dram.gb_per_s * 1e3 / cim.frequency_mhz),
      columns_(columns_of(problem.product, cim.pe)),
      k_blocks_(product_blocks(problem.product.k, cim.pe.rows)),
      n_blocks_(product_blocks(columns_, cim.pe.columns)),
      rows_used_(static_cast<double>(std::min<long>(problem.product.k, cim.pe.rows))),
      input_cycles_(
          static_cast<double>(ceil_div(problem.product.input_bits, cim.pe.input_bits_per_cycle))),
      buffer_bytes_(cim.pe.buffer_kb * hw::kBytesPerKb) {}

long TilingModel::blocks_of_pe(const Tiling& grid) const {
  return ceil_div(groups(), grid.groups) * ceil_div(k_blocks_, grid.k) *
         ceil_div(n_blocks_, grid.n);
}

double TilingModel::least_cycles(const Tiling& grid) const {
  const double blocks = static_cast<double>(blocks_of_pe(grid));
  const double positions = static_cast<double>(ceil_div(problem_.product.m, grid.m));
  const double write = stays() ? 0 : blocks * rows_used_;
  return std::max(blocks * positions * input_cycles_, write);
}

std::optional<TilingCost> TilingModel::cost(const Tiling& tiling) const {
  const MatrixProduct& product = problem_.product;
  const double groups = static_cast<double>(ceil_div(product.groups, tiling.groups));
  const double k_of_pe = static_cast<double>(ceil_div(k_blocks_, tiling.k));
  const double n_of_pe = static_cast<double>(ceil_div(n_blocks_, tiling.n));
  const double positions = static_cast<double>(ceil_div(product.m, tiling.m));
  const double k_steps =
      static_cast<double>(ceil_div(ceil_div(k_blocks_, tiling.k), tiling.k_cells));
  const double n_steps =
      static_cast<double>(ceil_div(ceil_div(n_blocks_, tiling.n), tiling.n_cells));

  // What a PE's buffer must hold, twice the inputs as one position loads while another computes.
  const double input_row = rows_used_ * bytes_of_bits(product.input_bits);
  const double sums_row = tiling.n_cells * pe_.columns * kPartialSumBytes;
  if (2 * tiling.k_cells * input_row + sums_row > buffer_bytes_) return std::nullopt;
  const bool sums_stay =
      2 * tiling.k_cells * input_row + positions * sums_row <= buffer_bytes_ || k_steps == 1;
  const double held_sums = k_steps == 1 ? sums_row : positions * sums_row;
  const bool inputs_stay =
      positions * k_of_pe * input_row + (sums_stay ? held_sums : sums_row) <= buffer_bytes_;

  const double outputs = static_cast<double>(product.groups) * static_cast<double>(product.m) *
                         static_cast<double>(columns_);
  const double sums_bytes = sums_stay ? 0 : outputs * kPartialSumBytes * 2 * (k_steps - 1);
  const double sums_at_once = outputs / groups * kPartialSumBytes;
  const bool sums_on_chip = sums_at_once <= problem_.spare_bytes;
  const double input_bytes = problem_.input_bytes * (inputs_stay ? 1 : n_steps);
  const double stationary = stays() ? 0 : product.stationary_bytes();
  const double stationary_dram = problem_.stationary == StationaryHome::kDram ? stationary : 0;

  TilingCost cost;
  cost.shared_bytes = input_bytes + sums_bytes + problem_.output_bytes + stationary;
  cost.dram_bytes = stationary_dram + (problem_.input_in_dram ? input_bytes : 0) +
                    (problem_.output_in_dram ? problem_.output_bytes : 0) +
                    (sums_on_chip ? 0 : sums_bytes);
  cost.busy[Resource::kCompute] = groups * positions * k_of_pe * n_of_pe * input_cycles_;
  cost.busy[Resource::kPeBuffer] =
      groups * positions *
      (k_of_pe * n_of_pe * input_row +
       n_of_pe * pe_.columns * kPartialSumBytes * accumulations(k_of_pe)) /
      pe_.buffer_bytes_per_cycle;
  cost.busy[Resource::kArrayWrite] = stays() ? 0 : groups * k_of_pe * n_of_pe * rows_used_;
  cost.busy[Resource::kSharedMemory] = cost.shared_bytes / shared_bytes_per_cycle_;
  cost.busy[Resource::kDram] = cost.dram_bytes / dram_bytes_per_cycle_;

  const double load =
      std::max({cost.busy[Resource::kArrayWrite], stationary / shared_bytes_per_cycle_,
                stationary_dram / dram_bytes_per_cycle_});
  if (tiling.overlapped) {
    cost.cycles = cost.busy[cost.busy.largest()] + load / (groups * k_steps * n_steps);
    return cost;
  }
  cost.cycles = load + std::max({cost.busy[Resource::kCompute], cost.busy[Resource::kPeBuffer],
                                 (cost.shared_bytes - stationary) / shared_bytes_per_cycle_,
                                 (cost.dram_bytes - stationary_dram) / dram_bytes_per_cycle_});
  return cost;
}

double TilingModel::array_cycles_of_macs() const {
  return problem_.product.macs() * static_cast<double>(columns_) /
         static_cast<double>(problem_.product.n) * input_cycles_;
}

double TilingModel::buffer_bytes() const {
  const MatrixProduct& product = problem_.product;
  const double positions = static_cast<double>(product.groups) * static_cast<double>(product.m);
  return positions * (static_cast<double>(product.k) * bytes_of_bits(product.input_bits) *
                          static_cast<double>(n_blocks_) +
                      static_cast<double>(columns_) * kPartialSumBytes *
                          accumulations(static_cast<double>(k_blocks_)));
}

double TilingModel::used_cells() const {
  return static_cast<double>(problem_.product.k * columns_) /
         (static_cast<double>(k_blocks_ * n_blocks_) * pe_.rows * pe_.columns);
}

std::optional<BestTiling> best_tiling(const TilingProblem& problem, const hw::DigitalCim& cim) {
  const TilingModel model(problem, cim);
  const int cells = cim.pe.cells_per_column;
  const long fewest = model.stays() ? cells_needed(problem.product, cim) : 0;
  Best best;
  for_each_grid(model.groups(), model.k_blocks(), model.n_blocks(), model.positions(), cim.pe.count,
                !model.stays(), [&](const Tiling& grid) {
                  if (model.least_cycles(grid) > best.cycles()) return;
                  if (model.stays()) {
                    if (model.blocks_of_pe(grid) > fewest) return;
                    return for_each_cells(model, grid, cells,
                                          [&](const Tiling& tiling) { best.offer(model, tiling); });
                  }
                  Tiling overlapped = grid;
                  overlapped.overlapped = true;
                  for_each_cells(model, overlapped, cells / 2,
                                 [&](const Tiling& tiling) { best.offer(model, tiling); });
                  for_each_cells(model, grid, cells,
                                 [&](const Tiling& tiling) { best.offer(model, tiling); });
                });
  return best.found();
}

std::optional<BestTiling> best_tiling_reference(const TilingProblem& problem,
                                                const hw::DigitalCim& cim) {
  const TilingModel model(problem, cim);
  const long fewest = model.stays() ? cells_needed(problem.product, cim) : 0;
  Best best;
  Tiling t;
  for (t.groups = 1; t.groups <= cim.pe.count; ++t.groups) {
    for (t.k = 1; t.groups * t.k <= cim.pe.count; ++t.k) {
      for (t.n = 1; t.groups * t.k * t.n <= cim.pe.count; ++t.n) {
        for (t.m = 1; t.groups * t.k * t.n * t.m <= cim.pe.count; ++t.m) {
          if (model.stays() && (t.m > 1 || model.blocks_of_pe(t) > fewest)) continue;
          for (const bool overlapped : {true, false}) {
            if (overlapped && model.stays()) continue;
            t.overlapped = overlapped;
            const int cells = cim.pe.cells_per_column / (overlapped ? 2 : 1);
            for (t.k_cells = 1; t.k_cells <= cells; ++t.k_cells) {
              for (t.n_cells = 1; t.k_cells * t.n_cells <= cells; ++t.n_cells) {
                best.offer(model, t);
              }
            }
          }
        }
      }
    }
  }
  return best.found();
}

long cells_needed(const MatrixProduct& product, const hw::DigitalCim& cim) {
  const long k_blocks = product_blocks(product.k, cim.pe.rows);
  const long n_blocks = product_blocks(columns_of(product, cim.pe), cim.pe.columns);
  long fewest = std::numeric_limits<long>::max();
  for_each_grid(
      product.groups, k_blocks, n_blocks, 1, cim.pe.count, false, [&](const Tiling& grid) {
        fewest = std::min(fewest, ceil_div(product.groups, grid.groups) *
                                      ceil_div(k_blocks, grid.k) * ceil_div(n_blocks, grid.n));
      });
  return fewest;
}

}  // namespace gibbon::sim
