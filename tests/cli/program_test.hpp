#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gibbon/base/file.hpp"

namespace gibbon::test {

/// Calls the program on one thread, with a folder of its own that goes with the test.
class ProgramTest : public testing::Test {
 protected:
  explicit ProgramTest(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() /
                ("gibbon-" + name + "-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ProgramTest() override { std::filesystem::remove_all(folder_); }

  /// The exit status; what it wrote is in output().
  int run(const std::string& words) const {
    const std::string line = std::string(GIBBON_PROGRAM) + " --threads 1 " + words + " >" +
                             (folder_ / "output").string() + " 2>&1";
    return std::system(line.c_str());
  }
  std::string output() const { return base::read_file(folder_ / "output"); }

  const std::filesystem::path folder_;
};

}  // namespace gibbon::test
