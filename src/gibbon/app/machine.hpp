#pragma once

#include <string>

namespace gibbon::app {

/// The processor's name and the number of threads used, for a run's report: "Intel(R) Xeon(R), 2
/// threads". "unknown processor" where the system does not tell.
std::string machine_text(int threads);

}  // namespace gibbon::app
