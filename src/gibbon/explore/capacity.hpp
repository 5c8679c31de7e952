#pragma once

#include "gibbon/nn/network.hpp"

namespace gibbon::explore {

/// How much a network can learn, known before any training: multiply-accumulates of one inference,
/// each times the bits of its weight (decision 0008). One-shot accuracies and short trainings
/// under-rate designs of large capacity, which gain most from a long training.
double capacity(const nn::Network& network);

}  // namespace gibbon::explore
