#include "gibbon/report/write_reports.hpp"

#include <filesystem>

#include "gibbon/base/file.hpp"
#include "gibbon/report/reports/csv.hpp"
#include "gibbon/report/reports/html.hpp"
#include "gibbon/report/reports/json.hpp"

namespace gibbon::report {

void write_reports(const RunData& data, const store::RunFolder& folder) {
  base::write_file_atomically(folder.candidates(), candidates_csv(data));
  base::write_file_atomically(folder.pareto(), pareto_csv(data));
  base::write_file_atomically(folder.summary(), summary_json(data).dump(2) + '\n');
  // Of a run only the record may be left, and older ones have no hardware.
  std::filesystem::create_directories(folder.layers_folder());
  std::filesystem::create_directories(folder.hardware_folder());
  for (const store::FinalRecord& record : data.finals) {
    base::write_file_atomically(folder.layers(record.id), layers_csv(record.simulation));
    base::write_file_atomically(folder.hardware(record.id), record.hardware.dump(2) + '\n');
  }
  base::write_file_atomically(folder.report(), html_report(data));
}

}  // namespace gibbon::report
