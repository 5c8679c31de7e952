#include "gibbon/explore/chip_fit.hpp"

#include <gtest/gtest.h>

#include "explore/tiny_run.hpp"
#include "gibbon/explore/chip_accuracy.hpp"
#include "gibbon/explore/run_setup.hpp"

namespace gibbon::explore {
namespace {

class ChipFit : public ::testing::Test {
 protected:
  ChipFit() {
    config_.supernet.precision = "float32";  // the same networks whatever the processor
    hardware_.adc.accuracy_bits = 4;
    hardware_.pe.dacs_per_subarray = hardware_.crossbar.rows;  // all rows at once
    trained_ = std::make_unique<nn::TrainedNetwork>(trained(1));
  }

  nn::TrainedNetwork trained(std::uint64_t seed) const {
    train::FinalTrainOptions options = final_options(config_, seed);
    options.epochs = 4;
    base::SilentProgress progress;
    return train::train_network(design_.network, dataset_.train, std::nullopt, options, progress);
  }
  nn::TrainedNetwork fitted(const nn::TrainedNetwork& network, const char* model = "mnsim2") const {
    return fitted_to_chip(config_, *sim::make_simulator(model), network, hardware_, dataset_.train);
  }
  double accuracy(const nn::TrainedNetwork& network) const {
    return chip_accuracy(config_, *sim::make_simulator("mnsim2"), network, hardware_, dataset_.test,
                         60);
  }

  RunConfig config_ = test::tiny_config();
  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
  const data::Dataset dataset_ = test::tiny_dataset();
  base::Rng rng_{4};
  const space::Design design_ = space_->decode(space_->sample(rng_)).value();
  hw::HardwareConfig hardware_ = design_.hardware;
  std::unique_ptr<nn::TrainedNetwork> trained_;
};

void expect_same_norms_and_ranges(const nn::TrainedNetwork& a, const nn::TrainedNetwork& b) {
  ASSERT_EQ(a.states.size(), b.states.size());
  for (std::size_t i = 0; i < a.states.size(); ++i) {
    EXPECT_EQ(a.states[i].output_range, b.states[i].output_range) << i;
    EXPECT_EQ(a.states[i].running_mean, b.states[i].running_mean) << i;
    EXPECT_EQ(a.states[i].running_variance, b.states[i].running_variance) << i;
  }
}

TEST_F(ChipFit, WinsBackWhatConvertersOfFewBitsTake) {
  config_.simulation.fit_images = 16;
  double gained = 0;
  constexpr int kNetworks = 8;
  for (int seed = 1; seed <= kNetworks; ++seed) {
    const nn::TrainedNetwork network = trained(static_cast<std::uint64_t>(seed));
    gained += accuracy(fitted(network)) - accuracy(network);
  }
  EXPECT_GT(gained / kNetworks, 8);  // of about 51 %, in the mean
}

TEST_F(ChipFit, LeavesTheNetworkAsItIsWithoutImages) {
  expect_same_norms_and_ranges(fitted(*trained_), *trained_);
}

TEST_F(ChipFit, TakesTheImagesThatThereAre) {
  config_.simulation.fit_images = dataset_.train.count();
  const nn::TrainedNetwork all = fitted(*trained_);
  config_.simulation.fit_images = dataset_.train.count() + 1;
  expect_same_norms_and_ranges(fitted(*trained_), all);
}

TEST_F(ChipFit, LeavesTheNetworkOfAnExactChipAsItIs) {
  config_.simulation.fit_images = 16;
  expect_same_norms_and_ranges(fitted(*trained_, "digital_cim"), *trained_);
}

}  // namespace
}  // namespace gibbon::explore
