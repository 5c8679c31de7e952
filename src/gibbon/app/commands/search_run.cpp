#include "gibbon/app/commands/search_run.hpp"

#include <fmt/format.h>

#include "gibbon/app/full_program.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/store/run_folder.hpp"

namespace gibbon::app {

void search_into(const std::filesystem::path& folder, std::vector<std::string> words,
                 const GlobalOptions& global) {
  if (std::filesystem::exists(folder / "config.yaml")) {
    words = {"--resume", folder.string()};
    if (global.seed) words.insert(words.end(), {"--seed", fmt::format("{}", *global.seed)});
  } else {
    words.insert(words.end(), {"--out", folder.string()});
    if (global.threads) {
      words.insert(words.end(), {"--threads", fmt::format("{}", *global.threads)});
    }
  }
  words.insert(words.begin(), "search");
  if (global.quiet || global.json) words.emplace_back("--quiet");
  if (wait_for_full_program(words) != kSuccess) {
    throw base::Error(fmt::format("the search ended early; its run is {}", folder.string()));
  }
}

report::RunData read_run(const std::filesystem::path& folder) {
  const store::RunFolder run(folder, store::OpenMode::kReadOnly);
  return report::read_run_data(*run.open_store());
}

}  // namespace gibbon::app
