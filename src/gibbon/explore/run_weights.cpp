#include "gibbon/explore/run_weights.hpp"

#include "gibbon/base/error.hpp"

namespace gibbon::explore {

std::string latest_weights(const store::RunStore& store) {
  if (const auto checkpoint = store.get("checkpoint")) {
    return checkpoint->at("supernet").get<std::string>();
  }
  if (const auto supernet = store.get("supernet")) return supernet->at("file").get<std::string>();
  throw base::Error("the run has no trained supernet yet");
}

}  // namespace gibbon::explore
