#include "gibbon/report/run_data.hpp"

#include <fmt/format.h>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/report/reports/json.hpp"
#include "gibbon/report/write_reports.hpp"

namespace gibbon::app {

Action add_report_command(CLI::App& command, const GlobalOptions& global) {
  auto path = std::make_shared<std::string>();
  command.add_option("RUN_DIR", *path, "Folder of a run")->required();
  return [path, &global] {
    const store::RunFolder folder(*path, store::OpenMode::kReadOnly);
    const report::RunData data = report::read_run_data(*folder.open_store());
    report::write_reports(data, folder);
    if (global.json) {
      print_json(report::summary_json(data));
    } else if (!global.quiet) {
      fmt::print("{}: {} designs, {} of them trained; open {}\n", data.facts.name,
                 data.evaluations.size(), data.finals.size(), folder.report().string());
    }
    return kSuccess;
  };
}

}  // namespace gibbon::app
