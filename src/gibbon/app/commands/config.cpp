#include <fmt/format.h>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/run_config_yaml.hpp"
#include "gibbon/app/config/space_yaml.hpp"

namespace gibbon::app {

Action add_config_command(CLI::App& command, const GlobalOptions&) {
  struct Options {
    bool space = false;
    bool hardware = false;
  };
  auto options = std::make_shared<Options>();
  auto* space = command.add_flag("--space", options->space, "A search space instead of a run");
  command.add_flag("--hardware", options->hardware, "Hardware instead of a run")->excludes(space);
  return [options] {
    if (options->space) {
      fmt::print("{}", commented_yaml(space::gibbon_table1_spec()));
    } else if (options->hardware) {
      fmt::print("{}", commented_yaml(hw::HardwareConfig()));
    } else {
      fmt::print("{}", commented_yaml(explore::RunConfig()));
    }
    return kSuccess;
  };
}

}  // namespace gibbon::app
