#pragma once

#include "gibbon/explore/run_context.hpp"

namespace gibbon::explore {

/// The stages of a run in their order. Each goes on from its documents in the store, leaves the
/// context as after an unbroken stage, and returns kStopped as soon as a stop was asked for.

/// Trains the shared weights: config.supernet.steps steps over random paths.
Outcome run_supernet_stage(RunContext& context);
/// One more stretch of that training, between two iterations of the search.
void train_supernet_further(RunContext& context, int iteration);

/// Iteration 0 evaluates the initial designs, each later one what the searcher asks for.
Outcome run_search_stage(RunContext& context);

/// Trains the chosen designs alone and simulates them on the validation and the test images.
Outcome run_final_stage(RunContext& context);

}  // namespace gibbon::explore
