#pragma once

#include <cstddef>
#include <vector>

namespace gibbon::base {

/// In place: the lower triangle L of `matrix` = L L', `size` x `size`, row by row, symmetric and
/// positive definite. Reads and writes the lower triangle alone.
void cholesky_factorize(std::vector<double>& matrix, std::size_t size);

/// In place: `right`, `size` rows of `columns` numbers, becomes the solution x of L L' x = right.
void cholesky_solve(const std::vector<double>& lower, std::size_t size, std::vector<double>& right,
                    std::size_t columns);

}  // namespace gibbon::base
