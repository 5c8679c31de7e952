#include "gibbon/report/page.hpp"

#include "gibbon/report/assets/assets.hpp"

namespace gibbon::report {

using base::Json;

namespace {

/// Puts `content` in the place of the first `mark`, which is in the text.
void replace_once(std::string& text, std::string_view mark, std::string_view content) {
  text.replace(text.find(mark), mark.size(), content);
}

/// JSON as the content of a <script> element.
std::string script_safe(const Json& json) {
  // Bytes that are not UTF-8 (a file name, say) must not cost the whole report.
  const std::string plain = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(plain.size());
  for (const char letter : plain) {
    // Outside strings JSON has no "<", so that the escape stands only where it is understood.
    if (letter == '<') {
      safe += "\\u003c";
    } else {
      safe += letter;
    }
  }
  return safe;
}

}  // namespace

std::string make_page(const PageParts& parts, const Json& data) {
  std::string page(assets::kPage);
  replace_once(page, "{{title}}", parts.title);
  replace_once(page, "/*{{style}}*/", assets::kStyle);
  replace_once(page, "{{content}}", parts.content);
  replace_once(page, "/*{{charts}}*/", assets::kCharts);
  replace_once(page, "/*{{script}}*/", parts.script);
  // Last: no mark that stands in the data is replaced.
  replace_once(page, "{{data}}", script_safe(data));
  return page;
}

}  // namespace gibbon::report
