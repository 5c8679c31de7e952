#pragma once

#include "gibbon/report/run_data.hpp"

namespace gibbon::report {

/// A run of realistic size made up from a seed: nothing in it is a result. For looking at a report
/// and for tests of size and form.
RunData demo_run(std::uint64_t seed);

}  // namespace gibbon::report
