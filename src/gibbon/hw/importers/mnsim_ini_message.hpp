#pragma once

#include <string>

namespace gibbon::hw {

/// A message about a SimConfig.ini in the file's own words: its keys in place of ours
/// (validate() says 'device.technology_nm' of [Device level] Device_Tech), and before it the line
/// that it is about, if one of the file's says so. `text` is the file's.
std::string message_about_ini(std::string message, const std::string& text);

}  // namespace gibbon::hw
