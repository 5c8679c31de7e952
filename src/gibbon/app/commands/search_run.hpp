#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/app/command.hpp"
#include "gibbon/report/run_data.hpp"

namespace gibbon::app {

/// Runs `gibbon search WORDS --out FOLDER` in the program that trains, or goes on with the run that
/// the folder holds; prints progress, no result. Throws base::Error where the search ended early.
void search_into(const std::filesystem::path& folder, std::vector<std::string> words,
                 const GlobalOptions& global);

/// What the run in `folder` holds. Throws base::Error where there is none.
report::RunData read_run(const std::filesystem::path& folder);

}  // namespace gibbon::app
