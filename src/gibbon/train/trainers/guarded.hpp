#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <fmt/format.h>

#include <string>

#include "gibbon/base/error.hpp"

namespace gibbon::train {

/// What `work` returns; libtorch's errors become base::Error, which says what it was for. Their
/// messages carry a stack trace: the first line says what is wrong.
template <typename Work>
auto guarded(const char* purpose, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw base::Error(fmt::format("{}: {}", purpose, message.substr(0, message.find('\n'))));
  }
}

}  // namespace gibbon::train
