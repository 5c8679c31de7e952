#include "gibbon/app/machine.hpp"

#include <fmt/format.h>

#include <fstream>

namespace gibbon::app {

std::string machine_text(int threads) {
  std::string processor = "unknown processor";
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      processor = line.substr(colon + 2);
      break;
    }
  }
  return fmt::format("{}, {} thread{}", processor, threads, threads == 1 ? "" : "s");
}

}  // namespace gibbon::app
