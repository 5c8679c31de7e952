#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace gibbon::app {

/// Checks of an option's number that have one bound: CLI11's own print the largest double, all 309
/// digits of it, as the other one.
inline CLI::Validator number_that(bool (*holds)(double), const char* words, const char* in_help) {
  const auto check = [holds, words](std::string& text) -> std::string {
    double number = 0;
    if (!CLI::detail::lexical_cast(text, number)) return fmt::format("'{}' is no number", text);
    return holds(number) ? std::string() : fmt::format("{} is not {}", text, words);
  };
  return CLI::Validator(check, in_help);
}

inline CLI::Validator above_zero() {
  return number_that([](double number) { return number > 0; }, "above 0", "POSITIVE");
}
inline CLI::Validator not_below_zero() {
  return number_that([](double number) { return number >= 0; }, "0 or more", "NONNEGATIVE");
}

/// An option without its word, as a shell variable that is not set leaves it, is not taken for one
/// that was not given.
inline CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) { return text.empty() ? std::string("is empty") : std::string(); }, "");
}

}  // namespace gibbon::app
