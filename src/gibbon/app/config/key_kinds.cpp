#include "gibbon/app/config/key_kinds.hpp"

#include <fmt/ranges.h>

#include "gibbon/base/error.hpp"
#include "gibbon/space/objective.hpp"

namespace gibbon::app::keys {

ConfigKey number(std::string name, std::string help, Field<double> field, double least,
                 double most) {
  return {
      std::move(name), std::move(help), fmt::format("{} to {}", least, most),
      [=](const YamlValue& value, RunConfig& config) { field(config) = value.number(least, most); },
      [=](const RunConfig& config) { return fmt::format("{}", get(field, config)); }};
}

ConfigKey flag(std::string name, std::string help, Field<bool> field) {
  return {std::move(name), std::move(help), "true, false",
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.boolean(); },
          [=](const RunConfig& config) { return get(field, config) ? "true" : "false"; }};
}

ConfigKey choice(std::string name, std::string help, Field<std::string> field,
                 std::vector<std::string> allowed) {
  return {std::move(name), std::move(help), fmt::format("{}", fmt::join(allowed, ", ")),
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.one_of(allowed); },
          [=](const RunConfig& config) { return get(field, config); }};
}

ConfigKey text(std::string name, std::string help, Field<std::string> field) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.text(); },
          [=](const RunConfig& config) { return yaml_scalar(get(field, config)); }};
}

std::vector<std::string> checked_texts(const YamlValue& list, std::size_t least, TextCheck check) {
  std::vector<std::string> texts;
  for (const YamlValue& item : list.list()) {
    texts.push_back(item.text());
    try {
      check(texts.back());
    } catch (const base::Error& error) {
      item.fail(error.what());
    }
  }
  if (texts.size() < least) list.fail("the list is empty");
  return texts;
}

void check_constraint(const std::string& text) {
  space::constraint_from(text);
}

ConfigKey texts(std::string name, std::string help, Field<std::vector<std::string>> field,
                std::size_t least, TextCheck check) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) {
            field(config) = checked_texts(value, least, check);
          },
          [=](const RunConfig& config) { return yaml_flow(base::Json(get(field, config))); }};
}

ConfigKey path(std::string name, std::string help, Field<std::filesystem::path> field) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.text(); },
          [=](const RunConfig& config) -> std::optional<std::string> {
            const std::string value = get(field, config).string();
            if (value.empty()) return std::nullopt;
            return yaml_scalar(value);
          }};
}

ConfigKey settings(std::string name, std::string help, Field<base::Json> field) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) {
            if (!value.is_map()) value.refuse("a map of keys and values");
            field(config) = value.json();
          },
          [=](const RunConfig& config) { return yaml_flow(get(field, config)); }};
}

ConfigKey muon_key(const std::string& section, Field<double> rate) {
  return number(section + ".muon_rate",
                "Peak for kernels in front of batch norms, which Muon turns; 0: no Muon", rate, 0,
                0.99);
}

std::vector<ConfigKey> small_crop_keys(const std::string& section, Field<int> size,
                                       Field<double> share) {
  return {whole<int>(section + ".small_crop_size",
                     "The first steps see random crops of this side, pixels; 0: whole images", size,
                     0, 65536),
          number(section + ".small_crop_share", "Of the steps: so many see crops", share, 0, 1)};
}

}  // namespace gibbon::app::keys
