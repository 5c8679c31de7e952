#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "gibbon/hw/digital_cim.hpp"
#include "gibbon/sim/digital/workload.hpp"

namespace gibbon::sim {

/// What a layer can wait for, from the outside in.
enum class Resource { kDram, kSharedMemory, kArrayWrite, kPeBuffer, kCompute, kVector };
inline constexpr std::size_t kResourceCount = 6;
/// "dram", "shared memory", "array write", "pe buffer", "compute", "vector".
std::string_view resource_name(Resource resource);

/// A time or an amount for each resource.
struct ByResource {
  std::array<double, kResourceCount> values{};
  double& operator[](Resource resource) { return values[static_cast<std::size_t>(resource)]; }
  double operator[](Resource resource) const { return values[static_cast<std::size_t>(resource)]; }
  /// The largest; the first of equals.
  Resource largest() const;
};

/// Where the operand that goes into the arrays is when its layer begins.
enum class StationaryHome { kArrays, kSharedMemory, kDram };

/// A matrix product and where its operands are.
struct TilingProblem {
  MatrixProduct product;
  double input_bytes = 0;
  double output_bytes = 0;
  StationaryHome stationary = StationaryHome::kDram;
  bool input_in_dram = false;
  bool output_in_dram = false;
  double spare_bytes = 0;  ///< of the shared memory, for partial sums
  friend bool operator==(const TilingProblem&, const TilingProblem&) = default;
};

/// How a product is cut. Its operand of k x n weights is cut into blocks of an array's rows x
/// columns; the PEs form a grid of groups x k x n x m, those along m holding the same blocks and
/// taking a part of the positions each. A PE works on k_cells x n_cells blocks at once, all of
/// which lie in its array.
struct Tiling {
  int groups = 1;
  int k = 1;
  int n = 1;
  int m = 1;
  int k_cells = 1;
  int n_cells = 1;
  bool overlapped = false;  ///< half of the cells are written while the others compute
};

/// What a tiling comes to. Times in cycles.
struct TilingCost {
  double cycles = 0;
  ByResource busy;
  double shared_bytes = 0;  ///< between the shared memory and the PEs
  double dram_bytes = 0;
};

/// The numbers of a product that no tiling changes.
class TilingModel {
 public:
  TilingModel(const TilingProblem& problem, const hw::DigitalCim& cim);

  /// The cost, or nothing where the PEs, cells or buffers do not suffice.
  /// docs/models/digital_cim.md has the equations.
  std::optional<TilingCost> cost(const Tiling& tiling) const;
  /// A lower bound of cost().cycles for all cells of this grid.
  double least_cycles(const Tiling& grid) const;

  long k_blocks() const { return k_blocks_; }
  long n_blocks() const { return n_blocks_; }
  long groups() const { return problem_.product.groups; }
  long positions() const { return problem_.product.m; }
  /// Blocks that a PE holds in all, with a grid.
  long blocks_of_pe(const Tiling& grid) const;
  bool stays() const { return problem_.stationary == StationaryHome::kArrays; }

  // Amounts of the whole layer, whatever the tiling.
  double array_cycles_of_macs() const;  ///< multiply-accumulates x cycles of an input
  double buffer_bytes() const;          ///< between buffers and arrays
  double used_cells() const;            ///< share of the blocks' cells that hold weights

 private:
  TilingProblem problem_;
  hw::DigitalCim::ProcessingElements pe_;
  double shared_bytes_per_cycle_;
  double dram_bytes_per_cycle_;
  long columns_;  ///< that the product's outputs take, weights of many bits several
  long k_blocks_;
  long n_blocks_;
  double rows_used_;
  double input_cycles_;
  double buffer_bytes_;
};

struct BestTiling {
  Tiling tiling;
  TilingCost cost;
};

/// The tiling of least cycles, then DRAM traffic, then traffic of the shared memory, among all:
/// every grid and every way to use the cells. Operands that stay in the arrays (kArrays) take no
/// more cells than they must. Nothing where a PE's buffer is too small for one position.
std::optional<BestTiling> best_tiling(const TilingProblem& problem, const hw::DigitalCim& cim);
/// The same by plain loops over every number, for tests.
std::optional<BestTiling> best_tiling_reference(const TilingProblem& problem,
                                                const hw::DigitalCim& cim);

/// Fewest cells of each column in which the operand fits all arrays at once.
long cells_needed(const MatrixProduct& product, const hw::DigitalCim& cim);

}  // namespace gibbon::sim
