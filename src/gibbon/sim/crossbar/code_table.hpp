#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gibbon/sim/crossbar/adc_transfer.hpp"

namespace gibbon::sim {

/// What a column's positive and negative digits add up to, or the most that any column's do: with
/// inputs of 0 and 1 its sums lie between -minus and plus.
struct SumRange {
  int plus = 0;
  int minus = 0;

  void add(int digit) { (digit < 0 ? minus : plus) += digit < 0 ? -digit : digit; }
  void widen(const SumRange& other);
  int span() const { return plus + minus; }
};

/// kScale: the converter's codes of the sums -minus to plus; empty where one does not fit a signed
/// byte.
std::optional<std::vector<std::int8_t>> code_table(const AdcTransfer& adc, const SumRange& range);

/// kScale with a 1-bit DAC: what |running sum| of an output, in codes, may be before a block so
/// that float32 rounds none of the block's steps. `columns` [parts] are the block's for that
/// output. Empty where the block alone may pass that range.
std::optional<std::int32_t> exact_room(const AdcTransfer& adc, const SumRange* columns, int cycles,
                                       int parts, int cell_bits);

}  // namespace gibbon::sim
