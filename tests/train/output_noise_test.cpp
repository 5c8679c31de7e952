#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "error_of.hpp"
#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainers/graph_runner.hpp"
#include "gibbon/train/trainers/output_noise.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

/// Larger than the store that numbers are read from.
at::Tensor disturbed_zeros(OutputNoise& noise, double deviation) {
  at::Tensor values = at::zeros({3, 7, 300, 300}).contiguous(at::MemoryFormat::ChannelsLast);
  noise.add_to(values, deviation);
  return values;
}

TEST(OutputNoise, IsNormalAndOfTheDeviation) {
  OutputNoise noise(3, "cpu");
  const at::Tensor values = disturbed_zeros(noise, 0.25).to(at::kDouble);
  // 1.9 million values read from a million: the mean is known to 0.25 / 1000.
  EXPECT_NEAR(values.mean().item<double>(), 0, 5 * 0.25e-3);
  EXPECT_NEAR(values.std(true).item<double>(), 0.25, 5 * 0.25e-3);
  // Of a normal distribution 4.55 % lie beyond two deviations.
  const double beyond = (values.abs() > 0.5).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(beyond, 0.0455, 0.001);
  EXPECT_EQ((values == 0).sum().item<std::int64_t>(), 0);
}

TEST(OutputNoise, IsThatOfTheSeedAndOfTheCallsBefore) {
  OutputNoise noise(3, "cpu");
  OutputNoise copy = noise;
  const at::Tensor first = disturbed_zeros(noise, 1);
  EXPECT_FALSE(at::equal(disturbed_zeros(noise, 1), first));
  EXPECT_TRUE(at::equal(disturbed_zeros(copy, 1), first));
  OutputNoise same(3, "cpu");
  EXPECT_TRUE(at::equal(disturbed_zeros(same, 1), first));
  OutputNoise another(4, "cpu");
  EXPECT_FALSE(at::equal(disturbed_zeros(another, 1), first));
}

class NoisyNetwork : public ::testing::Test {
 protected:
  /// A Linear alone, at nine bits, whose outputs on these inputs are spread evenly over -1 to 1.
  NoisyNetwork() {
    nn::NetworkDescription d;
    d.name = "linear";
    d.input = {1, 1, 1};
    d.num_classes = 1;
    d.layers = {{"flatten", nn::Flatten{}, {nn::kNetworkInput}}, {"fc", nn::Linear{1, 1}, {0}}};
    network_ = nn::Network(d);
  }

  at::Tensor outputs(double deviation, OutputNoise* noise) {
    const SharedWeights weights(*network_, TrainOptions{.seed = 1});
    Path path = weights.path(*network_, true);
    {
      const c10::NoGradGuard no_grad;
      path.layers[1].weight.fill_(1);
    }
    path.layers[1].output_noise = deviation;
    const at::Tensor inputs = at::linspace(-1, 1, 4096).reshape({4096, 1, 1, 1});
    RunOptions options{Statistics::kBatch};
    options.noise = noise;
    const at::Tensor result = run_network(path, inputs, options);
    result.sum().backward();
    gradient_ = path.trained.at(0).value.grad().item<double>();
    return result.detach();
  }

  std::optional<nn::Network> network_;
  double gradient_ = 0;
};

TEST_F(NoisyNetwork, DisturbsInUnitsOfTheOutputRange) {
  OutputNoise noise(3, "cpu");
  const at::Tensor plain = outputs(0.1, nullptr);
  const double plain_gradient = gradient_;
  const at::Tensor off = (outputs(0.1, &noise) - plain).to(at::kDouble);
  // Evenly spread over 2 the deviation is 2 / sqrt(12) = 0.577, MNSIM's range 3 times that, 1.732;
  // a tenth is 0.173. Of 4096 values it is known to 0.173 / sqrt(8192) = 0.0019.
  EXPECT_NEAR(off.std(true).item<double>(), 0.1732, 5 * 0.0019);
  EXPECT_NEAR(gradient_, plain_gradient, 1e-3);
  EXPECT_TRUE(at::equal(outputs(0, &noise), plain));
}

class NoisySupernet : public ::testing::Test {
 protected:
  NoisySupernet() {
    base::SilentProgress progress;
    supernet_->train(
        images_, [&](std::uint64_t) { return network_; }, 0, 120, 120, progress);
  }

  double accuracy(double deviation) const {
    const LayerNoise noise(network_.layers().size(), deviation);
    return supernet_->one_shot_accuracy(supernet_->extract(network_, images_, 1, noise), unseen_, 1,
                                        noise);
  }

  const nn::Network network_ = testing::mixed_network();
  const data::ImageSet images_ = testing::square_images(128, 1, 12, 4, 1);
  const data::ImageSet unseen_ = testing::square_images(400, 1, 12, 4, 2);
  const std::unique_ptr<Supernet> supernet_ =
      make_supernet(network_, {.seed = 5, .batch_size = 32});
};

TEST_F(NoisySupernet, KnowsLessTheMoreItsOutputsAreDisturbed) {
  const double plain =
      supernet_->one_shot_accuracy(supernet_->extract(network_, images_, 1), unseen_, 1);
  EXPECT_GT(plain, 80);
  EXPECT_EQ(accuracy(0), plain);
  EXPECT_NEAR(accuracy(1e-4), plain, 1);   // hundredths of a 9-bit step
  const double disturbed = accuracy(0.3);  // about the outputs' own deviation
  EXPECT_LT(disturbed, plain - 5);
  EXPECT_EQ(accuracy(0.3), disturbed);
  // Nothing is left of the images; one of four classes is right by chance, known to 2.2 points.
  EXPECT_NEAR(accuracy(30), 25, 4 * 2.2);
}

TEST_F(NoisySupernet, NormsSeeTheNoiseThatTheyAreCalibratedBeside) {
  // The stem's norm keeps the variance of its input. 0.5 of a range of 3 deviations (and a mean)
  // adds 1.5^2 = 2.25 variances or more.
  const auto variance = [&](const LayerNoise& noise) {
    return supernet_->extract(network_, images_, 1, noise).states.at(1).running_variance.at(0);
  };
  LayerNoise noise(network_.layers().size(), 0.0);
  const float plain = variance(noise);
  noise[0] = 0.5;
  EXPECT_GT(variance(noise), 1.5 * plain);
}

TEST_F(NoisySupernet, RefusesNoiseOfAnotherNetwork) {
  EXPECT_EQ(test::error_of([&] {
              supernet_->extract(network_, images_, 1, LayerNoise{0.1, 0.1});
            }),
            "network 'blocks' has 17 layers, noise is given for 2");
}

}  // namespace
}  // namespace gibbon::train
