#pragma once

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::space {

/// What a genome stands for: a network and the chip it runs on.
struct Design {
  nn::Network network;
  hw::HardwareConfig hardware;
};

}  // namespace gibbon::space
