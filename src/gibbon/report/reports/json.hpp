#pragma once

#include "gibbon/base/json.hpp"
#include "gibbon/report/run_data.hpp"

namespace gibbon::report {

/// summary.json: the facts of the run and the headline figures of each final design, the most
/// accurate first, with a unit in every key. Accuracies in percent; "accuracy_top1" is on the test
/// images. Values that are not known are null.
base::Json summary_json(const RunData& data);

}  // namespace gibbon::report
