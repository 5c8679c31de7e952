#pragma once

// For the .cpp files of this module that call oneDNN, the library that libtorch has loaded, after
// <oneapi/dnnl/dnnl.hpp>: no header names it.

#include <unordered_map>

namespace gibbon::train {

inline const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

inline void execute(const dnnl::primitive& primitive,
                    const std::unordered_map<int, dnnl::memory>& arguments) {
  dnnl::stream stream(processor());
  primitive.execute(stream, arguments);
  stream.wait();
}

}  // namespace gibbon::train
