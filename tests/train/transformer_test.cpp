#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "gibbon/base/rng.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/nn/vision_transformer.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/train/trainer.hpp"
#include "gibbon/train/trainers/graph_runner.hpp"
#include "gibbon/train/trainers/layer_plan.hpp"
#include "gibbon/train/trainers/trained_path.hpp"
#include "gibbon/train/trainers/transformer_layers.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using testing::square_images;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

at::Tensor normal_sequence(at::IntArrayRef shape, std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator).contiguous(kChannelsLast);
}

/// 9 patches of 4 x 4 pixels and a class token, 16 wide.
nn::Network transformer(std::vector<nn::TransformerBlock> blocks, int bits = 9,
                        bool biases = false) {
  nn::VisionTransformer vit;
  vit.name = "small";
  vit.input = {1, 12, 12};
  vit.num_classes = 4;
  vit.patch = 4;
  vit.width = 16;
  vit.head_width = 4;
  vit.blocks = std::move(blocks);
  vit.bits = bits;
  vit.biases = biases;
  return nn::make_vision_transformer(vit);
}

std::size_t layer_index(const nn::Network& network, std::string_view name) {
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    if (network.layers()[i].name == name) return i;
  }
  throw std::logic_error("no layer " + std::string(name));
}

TEST(TransformerLayers, ProductsOfHeadsAreThoseOfPlainLoops) {
  constexpr int kHeads = 2;
  constexpr int kTokens = 3;
  constexpr int kFeatures = 5;
  const at::Tensor a = normal_sequence({2, kHeads * kFeatures, kTokens, 1}, 1);
  const at::Tensor b = normal_sequence({2, kHeads * kFeatures, kTokens, 1}, 2);
  const at::Tensor scores = head_product(a, b, nn::MatMul{kHeads, true, 0.5, 8});
  ASSERT_EQ(scores.sizes(), (std::vector<std::int64_t>{2, kHeads * kTokens, kTokens, 1}));
  const at::Tensor context = head_product(scores, b, nn::MatMul{kHeads, false, 1.0, 8});
  ASSERT_EQ(context.sizes(), b.sizes());
  const auto value = [](const at::Tensor& tensor, int image, int channel, int token) {
    return tensor[image][channel][token][0].item<double>();
  };
  for (int image = 0; image < 2; ++image) {
    for (int head = 0; head < kHeads; ++head) {
      for (int t = 0; t < kTokens; ++t) {
        for (int u = 0; u < kTokens; ++u) {
          double sum = 0;
          for (int d = 0; d < kFeatures; ++d) {
            const int channel = head * kFeatures + d;
            sum += value(a, image, channel, t) * value(b, image, channel, u);
          }
          EXPECT_NEAR(value(scores, image, head * kTokens + u, t), 0.5 * sum, 1e-5);
        }
        for (int d = 0; d < kFeatures; ++d) {
          double sum = 0;
          for (int u = 0; u < kTokens; ++u) {
            sum += value(scores, image, head * kTokens + u, t) *
                   value(b, image, head * kFeatures + d, u);
          }
          EXPECT_NEAR(value(context, image, head * kFeatures + d, t), sum, 1e-5);
        }
      }
    }
  }
}

TEST(TransformerLayers, SoftmaxSumsToOneInEachGroup) {
  const at::Tensor shares = grouped_softmax(normal_sequence({1, 6, 2, 1}, 1), nn::Softmax{2});
  for (const int first : {0, 3}) {
    for (int token = 0; token < 2; ++token) {
      const double sum = shares.narrow(1, first, 3).select(2, token).sum().item<double>();
      EXPECT_NEAR(sum, 1, 1e-6);
    }
  }
}

TEST(TransformerLayers, LayerNormIsOverTheChannelsOfEachPosition) {
  // Channels 1 and 3: mean 2, variance 1; scaled by 2, shifted by 10 and 20.
  const at::Tensor values = at::tensor({1.0F, 3.0F}).reshape({1, 2, 1, 1});
  const at::Tensor normed =
      layer_norm(values, at::full({2}, 2.0F), at::tensor({10.0F, 20.0F}), 0.0);
  EXPECT_NEAR(normed[0][0][0][0].item<double>(), 10 - 2, 1e-5);
  EXPECT_NEAR(normed[0][1][0][0].item<double>(), 20 + 2, 1e-5);
}

TEST(TransformerLayers, TokensAreTheImagesRowsBehindTheClassToken) {
  // 1 channel, 2 x 2 positions 1 2 / 3 4; class token 9; position t adds 10 t.
  const at::Tensor image = at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).reshape({1, 1, 2, 2});
  const at::Tensor positions = at::tensor({0.0F, 10.0F, 20.0F, 30.0F, 40.0F}).reshape({5, 1});
  const at::Tensor with = make_tokens(image, at::tensor({9.0F}), positions);
  EXPECT_TRUE(at::equal(with.flatten(), at::tensor({9.0F, 11.0F, 22.0F, 33.0F, 44.0F})));
  EXPECT_EQ(with.sizes(), (std::vector<std::int64_t>{1, 1, 5, 1}));
  const at::Tensor without = make_tokens(image, {}, positions.narrow(0, 0, 4));
  EXPECT_TRUE(at::equal(without.flatten(), at::tensor({1.0F, 12.0F, 23.0F, 34.0F})));
}

TEST(TransformerPlan, LayersReadOnTheGridOfTheNearestQuantiser) {
  const nn::Network network = transformer({{2, 8}});
  const auto plans = plan_layers(network);
  const auto source_of = [&](const char* reader) {
    const LayerPlan& plan = plans[layer_index(network, reader)];
    EXPECT_EQ(plan.grid_sources.size(), 1U);
    return network.layers()[static_cast<std::size_t>(plan.grid_sources.front())].name;
  };
  EXPECT_EQ(source_of("b1.query"), "b1.norm1");
  EXPECT_EQ(source_of("b1.project"), "b1.context");
  EXPECT_EQ(source_of("b1.contract"), "b1.expand");
  EXPECT_EQ(source_of("head"), "norm");
  // GELU leaves the grid of the layer before it.
  EXPECT_TRUE(plans[layer_index(network, "b1.contract")].requantize_input);
  EXPECT_FALSE(plans[layer_index(network, "b1.query")].requantize_input);

  const nn::Network biased = transformer({{2, 8}}, 9, true);
  const LayerPlan contract = plan_layers(biased)[layer_index(biased, "b1.contract")];
  ASSERT_EQ(contract.grid_sources.size(), 1U);
  EXPECT_EQ(biased.layers()[static_cast<std::size_t>(contract.grid_sources.front())].name,
            "b1.expand_bias");
}

FinalTrainOptions transformer_options(double epochs) {
  FinalTrainOptions options;
  options.base.batch_size = 32;
  options.base.learning_rate = 0.1;
  options.epochs = epochs;
  return options;
}

TEST(TrainTransformer, LearnsSixtyFourImagesQuantised) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained = train_network(transformer({{4, 32}, {2, 16}}, 8), images,
                                                   std::nullopt, transformer_options(40), progress);
  EXPECT_GE(quantized_accuracy(trained, images, 1), 95.0);
}

TEST(TrainTransformer, LearnsInBfloat16AndWithoutQuantisation) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  FinalTrainOptions changed = transformer_options(40);
  changed.base.precision = Precision::kBfloat16;
  EXPECT_GE(quantized_accuracy(
                train_network(transformer({{4, 32}}), images, std::nullopt, changed, progress),
                images, 1),
            90.0);
  EXPECT_GE(quantized_accuracy(train_network(transformer({{4, 32}}, 9, true), images, std::nullopt,
                                             changed, progress),
                               images, 1),
            90.0);
  changed.base.precision = Precision::kFloat32;
  changed.quantization_aware = false;
  EXPECT_GE(quantized_accuracy(
                train_network(transformer({{4, 32}}), images, std::nullopt, changed, progress),
                images, 1),
            90.0);
}

TEST(TrainTransformer, SavedAndLoadedItGivesTheSameAccuracyAndGoesOn) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained = train_network(transformer({{4, 32}}), images, std::nullopt,
                                                   transformer_options(40), progress);
  const auto file = std::filesystem::path(::testing::TempDir()) / "gibbon_vit.gibbon";
  nn::save(trained, file);
  const nn::TrainedNetwork loaded = nn::load_trained_network(file);
  std::filesystem::remove(file);
  const std::size_t tokens = layer_index(trained.network, "tokens");
  EXPECT_EQ(loaded.states[tokens].weight.size(), 10U * 16U);
  EXPECT_EQ(loaded.states[tokens].gamma, trained.states[tokens].gamma);
  EXPECT_EQ(quantized_accuracy(loaded, images, 1), quantized_accuracy(trained, images, 1));

  FinalTrainOptions gentle = transformer_options(0.5);
  gentle.base.learning_rate = 1e-7;
  const nn::TrainedNetwork second = train_network(loaded.network, images, loaded, gentle, progress);
  EXPECT_NEAR(second.states[tokens].weight[5], trained.states[tokens].weight[5], 1e-5);
  const std::size_t norm = layer_index(trained.network, "b1.norm1");
  EXPECT_NEAR(second.states[norm].gamma[3], trained.states[norm].gamma[3], 1e-5);
}

/// Biases drawn anew, as a network from a file brings them: training begins from its function.
TEST(TrainTransformer, TrainingBeginsFromTheBiasesGivenAndChangesThem) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  nn::TrainedNetwork given = train_network(transformer({{4, 32}}, 9, true), images, std::nullopt,
                                           transformer_options(1), progress);
  const std::size_t expand = layer_index(given.network, "b1.expand_bias");
  const std::size_t head = layer_index(given.network, "head_bias");
  ASSERT_EQ(given.states[expand].beta.size(), 32U);
  base::Rng rng(3);
  for (const std::size_t index : {expand, head}) {
    for (float& value : given.states[index].beta) value = static_cast<float>(rng.normal());
  }
  data::ImageBatch batch = data::make_batch(images, 0, 64);
  const at::Tensor input = at::from_blob(batch.pixels.data(), {64, 1, 12, 12}, at::kFloat);
  Path path = frozen_path(given, "cpu");
  const auto logits = [&](Statistics statistics) {
    return run_network(path, input, {statistics, 0, false});
  };
  EXPECT_TRUE(at::equal(logits(Statistics::kBatch), logits(Statistics::kFrozen)));

  FinalTrainOptions gentle = transformer_options(0.5);
  gentle.base.learning_rate = 1e-7;
  const nn::TrainedNetwork begun = train_network(given.network, images, given, gentle, progress);
  const nn::TrainedNetwork trained =
      train_network(given.network, images, given, transformer_options(2), progress);
  for (const std::size_t index : {expand, head}) {
    EXPECT_NEAR(begun.states[index].beta[1], given.states[index].beta[1], 1e-5);
    EXPECT_GT(std::abs(trained.states[index].beta[1] - given.states[index].beta[1]), 1e-5);
    EXPECT_GT(trained.states[index].output_range, 0);
  }
}

/// Two paths to the same integers: libtorch's operations and the simulation's plain loops. Sums in
/// another order move a few values by a level.
TEST(TransformerOnCrossbars, WithoutConvertersItIsTheQuantisedNetwork) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained = train_network(transformer({{4, 32}, {2, 16}}, 9, true), images,
                                                   std::nullopt, transformer_options(20), progress);
  data::ImageBatch batch = data::make_batch(images, 0, 64);
  sim::AccuracyOptions ideal;
  ideal.mode = sim::AdcMode::kIdeal;
  const std::vector<float> simulated =
      sim::make_accuracy_simulator(trained, {}, ideal)->logits(batch);
  Path path = frozen_path(trained, "cpu");
  const at::Tensor input = at::from_blob(batch.pixels.data(), {64, 1, 12, 12}, at::kFloat);
  const at::Tensor logits = run_network(path, input, {Statistics::kFrozen, 0, true}).contiguous();
  ASSERT_EQ(static_cast<std::size_t>(logits.numel()), simulated.size());
  double error = 0;
  double size = 0;
  for (std::size_t i = 0; i < simulated.size(); ++i) {
    error += std::abs(logits.data_ptr<float>()[i] - simulated[i]);
    size += std::abs(simulated[i]);
  }
  EXPECT_LT(error, 0.02 * size);
}

TEST(TransformerOnCrossbars, FineConvertersKeepWhatItLearned) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained = train_network(transformer({{4, 32}}, 8), images, std::nullopt,
                                                   transformer_options(40), progress);
  hw::HardwareConfig hardware;
  hardware.adc.accuracy_bits = 10;
  const auto accuracy = [&] {
    const auto simulator = sim::make_accuracy_simulator(trained, hardware, {});
    return sim::measure_accuracy(*simulator, images, 64).top1_percent();
  };
  EXPECT_GE(accuracy(), 90);
  hardware.adc.accuracy_bits = 2;
  EXPECT_LT(accuracy(), 90);
}

TEST(TransformerSupernet, SubNetworksAreItsFirstHeadsFeaturesAndLayers) {
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::Network largest = transformer({{4, 32}, {4, 32}});
  TrainOptions train;
  train.batch_size = 32;
  const auto supernet = make_supernet(largest, train);
  const nn::Network small = transformer({{2, 16}});
  const nn::TrainedNetwork whole = supernet->extract(largest, images, 1);
  const nn::TrainedNetwork part = supernet->extract(small, images, 1);
  // Weights are [out, in]: 2 heads of 4 features are the first 8 rows of the queries' 16, and the
  // first 8 columns of the projection's.
  const auto weight = [](const nn::TrainedNetwork& trained, const char* name) {
    return trained.states[layer_index(trained.network, name)].weight;
  };
  const auto& query = weight(part, "b1.query");
  ASSERT_EQ(query.size(), 8U * 16U);
  for (std::size_t i = 0; i < query.size(); ++i) EXPECT_EQ(query[i], weight(whole, "b1.query")[i]);
  const auto& project = weight(part, "b1.project");
  ASSERT_EQ(project.size(), 16U * 8U);
  EXPECT_EQ(project[1 * 8 + 7], weight(whole, "b1.project")[1 * 16 + 7]);
  EXPECT_EQ(weight(part, "tokens"), weight(whole, "tokens"));
}

TEST(TransformerSupernet, BiasesAreSlicedAsTheirLayersAre) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::Network largest = transformer({{4, 32}, {4, 32}}, 9, true);
  const nn::Network small = transformer({{2, 16}}, 9, true);
  TrainOptions train;
  train.batch_size = 32;
  const auto supernet = make_supernet(largest, train);
  supernet->train(
      images, [&](std::uint64_t) { return small; }, 0, 3, 3, progress);
  const nn::TrainedNetwork whole = supernet->extract(largest, images, 1);
  const nn::TrainedNetwork part = supernet->extract(small, images, 1);
  const auto bias = [](const nn::TrainedNetwork& trained, const char* name) {
    return trained.states[layer_index(trained.network, name)].beta;
  };
  const std::vector<float> expand = bias(whole, "b1.expand_bias");
  const std::vector<float> front(expand.begin(), expand.begin() + 16);
  EXPECT_EQ(bias(part, "b1.expand_bias"), front);
  EXPECT_NE(front, std::vector<float>(16, 0));  // trained; what the small one has not stays 0
  EXPECT_EQ(std::vector<float>(expand.begin() + 16, expand.end()), std::vector<float>(16, 0));
  EXPECT_EQ(bias(whole, "b2.query_bias"), std::vector<float>(16, 0));
}

TEST(TransformerSupernet, AStepChangesItsOwnSlicesOnly) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::Network largest = transformer({{4, 32}, {4, 32}});
  TrainOptions train;
  train.batch_size = 32;
  const auto supernet = make_supernet(largest, train);
  const nn::TrainedNetwork before = supernet->extract(largest, images, 1);
  supernet->train(
      images,
      [](std::uint64_t) {
        return transformer({{2, 16}});
      },
      0, 3, 3, progress);
  const nn::TrainedNetwork after = supernet->extract(largest, images, 1);
  const auto changed = [&](const char* layer, std::size_t value) {
    const std::size_t index = layer_index(largest, layer);
    return before.states[index].weight[value] != after.states[index].weight[value];
  };
  EXPECT_TRUE(changed("b1.query", 0));
  EXPECT_FALSE(changed("b1.query", 8 * 16));  // the third head's first row
  EXPECT_TRUE(changed("b1.expand", 15 * 16));
  EXPECT_FALSE(changed("b1.expand", 16 * 16));
  EXPECT_FALSE(changed("b2.query", 0));
  EXPECT_TRUE(changed("tokens", 0));
}

TEST(TransformerSupernet, RefusesAnotherNumberOfTokens) {
  TrainOptions train;
  const auto supernet = make_supernet(transformer({{4, 32}}), train);
  nn::VisionTransformer other;
  other.name = "other";
  other.input = {1, 16, 16};
  other.num_classes = 4;
  other.patch = 4;
  other.width = 16;
  other.head_width = 4;
  other.blocks = {{2, 16}};
  other.bits = 9;
  try {
    supernet->extract(nn::make_vision_transformer(other), square_images(8, 1, 16, 4, 1), 1);
    FAIL() << "no error";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("layer 'tokens': the number of tokens differs"));
  }
}

}  // namespace
}  // namespace gibbon::train
