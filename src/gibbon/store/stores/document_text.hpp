#pragma once

#include <string>
#include <string_view>

#include "gibbon/base/json.hpp"

namespace gibbon::store {

/// A document as one line of text. Throws base::Error naming the place (the file) and the document
/// where the document holds text that is not UTF-8.
std::string document_text(std::string_view place, std::string_view name,
                          const base::Json& document);
/// Throws base::Error where the text is not JSON.
base::Json document_from_text(std::string_view place, std::string_view name, std::string_view text);

}  // namespace gibbon::store
