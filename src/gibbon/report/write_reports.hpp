#pragma once

#include "gibbon/report/run_data.hpp"
#include "gibbon/store/run_folder.hpp"

namespace gibbon::report {

/// Writes candidates.csv, pareto.csv, summary.json, layers/<id>.csv of each final design and
/// report.html, each replaced in one step. Throws base::Error naming the file and the reason.
void write_reports(const RunData& data, const store::RunFolder& folder);

}  // namespace gibbon::report
