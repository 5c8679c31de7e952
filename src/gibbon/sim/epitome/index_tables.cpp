#include "gibbon/sim/epitome/index_tables.hpp"

#include <algorithm>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {
namespace {

/// First and last of `count` things; one bit each at least.
int range_bits(long count) {
  return 2 * std::max(1, ceil_log2(static_cast<int>(count)));
}

base::Result<Buffer> table_of(const hw::Chip& chip, long bits) {
  return buffer_of(chip, next_power_of_two(static_cast<double>(bits) / 8) / 1024);
}

}  // namespace

double IndexTables::lookup_ns() const {
  return access_ns * static_cast<double>(rounds);
}

double IndexTables::lookup_nj() const {
  return access_ns * (static_cast<double>(computed) * (ifat.read_power_w + ifrt.read_power_w) +
                      static_cast<double>(rounds) * ofat.read_power_w);
}

base::Result<IndexTables> index_tables(const StoredLayer& stored, const hw::Chip& chip) {
  const nn::EpitomePlan& plan = *stored.plan;
  const int inputs = range_bits(plan.weight().in_channels);
  const int wordlines = range_bits(plan.epitome().rows());
  const int outputs = range_bits(plan.weight().out_channels);
  IndexTables tables;
  tables.rounds = static_cast<long>(plan.rounds().size());
  tables.computed = static_cast<long>(stored.computed().size());
  tables.ifat_bits = tables.computed * inputs;
  tables.ifrt_bits = tables.computed * wordlines;
  tables.ofat_bits = tables.rounds * outputs;
  tables.access_ns =
      buffer_transfer_ns(std::max({inputs, wordlines, outputs}), chip.buffer_bitwidth);
  const auto ifat = table_of(chip, tables.ifat_bits);
  const auto ifrt = table_of(chip, tables.ifrt_bits);
  const auto ofat = table_of(chip, tables.ofat_bits);
  for (const auto* table : {&ifat, &ifrt, &ofat}) {
    if (!*table) return base::Infeasible{"index table: " + table->reason()};
  }
  tables.ifat = *ifat;
  tables.ifrt = *ifrt;
  tables.ofat = *ofat;
  return tables;
}

}  // namespace gibbon::sim
