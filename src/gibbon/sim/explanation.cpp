#include "gibbon/sim/explanation.hpp"

namespace gibbon::sim {
namespace {

struct Names {
  std::string_view name;
  std::string_view unit;
};
constexpr std::array<Names, 4> kQuantityNames = {
    {{"latency", "ns"}, {"energy", "nJ"}, {"area", "um2"}, {"power", "W"}}};

base::Json term_to_json(const Term& term, bool timed) {
  base::Json json = {{"layer", term.layer},
                     {"component", component_name(term.component)},
                     {"what", term.what},
                     {"count", term.count},
                     {"unit_value", term.unit_value}};
  if (timed) json["time_ns"] = term.time_ns;
  json["source"] = term.source;
  json["value"] = term.value;
  return json;
}

}  // namespace

std::string_view quantity_name(Quantity quantity) {
  return kQuantityNames[static_cast<std::size_t>(quantity)].name;
}

std::string_view quantity_unit(Quantity quantity) {
  return kQuantityNames[static_cast<std::size_t>(quantity)].unit;
}

base::Json to_json(const Explanation& explanation) {
  base::Json json = {{"quantity", quantity_name(explanation.quantity)},
                     {"unit", quantity_unit(explanation.quantity)},
                     {"total", explanation.total},
                     {"terms", base::Json::array()}};
  for (const Term& term : explanation.terms) {
    json["terms"].push_back(term_to_json(term, explanation.quantity == Quantity::kEnergy));
  }
  return json;
}

}  // namespace gibbon::sim
