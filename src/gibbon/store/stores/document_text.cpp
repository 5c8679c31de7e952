#include "gibbon/store/stores/document_text.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"

namespace gibbon::store {

std::string document_text(std::string_view place, std::string_view name,
                          const base::Json& document) {
  try {
    return document.dump();
  } catch (const base::Json::exception& error) {
    throw base::Error(
        fmt::format("{}: cannot store document \"{}\": {}", place, name, error.what()));
  }
}

base::Json document_from_text(std::string_view place, std::string_view name,
                              std::string_view text) {
  try {
    return base::Json::parse(text);
  } catch (const base::Json::exception& error) {
    throw base::Error(fmt::format("{}: document \"{}\" is damaged: {}", place, name, error.what()));
  }
}

}  // namespace gibbon::store
