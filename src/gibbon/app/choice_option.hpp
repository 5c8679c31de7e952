#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "gibbon/base/named_values.hpp"

namespace gibbon::app {

/// An option that takes one of the table's names, which the help lists. `value` must live as long
/// as the command, and `table` as long as the program.
template <typename Value, std::size_t count>
void add_choice(CLI::App& command, const char* option, Value& value, const char* help,
                const base::NamedValues<Value, count>& table) {
  const auto take = [&value, &table, option](const std::string& name) {
    value = base::value_of(option, name, table);
  };
  command.add_option_function<std::string>(option, take, help)
      ->check(CLI::IsMember(base::names_of(table)));
}

}  // namespace gibbon::app
