#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/nn/importers/onnx.hpp"
#include "nn/importers/onnx/vit_builder.hpp"

namespace gibbon::nn {
namespace {

using ::testing::StartsWith;

std::string damage_error(const std::string& content) {
  return test::error_of([&] { parse_onnx(content, "vit.onnx"); });
}

/// A small transformer with every node that only transformers have.
std::string small_transformer() {
  VitSizes sizes;
  sizes.height = sizes.width = 4;
  sizes.features = 4;
  sizes.hidden = 4;
  VitBuilder vit(23, sizes);
  const std::string tokens = vit.embedding();
  const std::string all = vit.linear(vit.norm(tokens), 4, 12);
  const std::string parts = vit.transpose(vit.reshape(all, {1, 5, 3, 2, 2}), {2, 0, 3, 1, 4});
  const std::string q = vit.node("Gather", {parts, vit.index(0)});
  const std::string k =
      vit.node("Slice", {parts, vit.integers({1}), vit.integers({2}), vit.integers({0})});
  const std::string keys = vit.transpose(vit.node("Squeeze", {k, vit.integers({0})}), {0, 1, 3, 2});
  const std::string v = vit.fresh("v");
  auto& split = vit.onnx.node("Split", {parts, vit.integers({2, 1})}, vit.fresh("rest"));
  split.add_output(v);
  const std::string values = vit.node("Squeeze", {v, vit.integers({0})});
  const std::string scores =
      vit.node("Softmax", {vit.node("Div", {vit.node("MatMul", {q, keys}), vit.number(2)})});
  const std::string context = vit.transpose(vit.node("MatMul", {scores, values}), {0, 2, 1, 3});
  const std::string middle = vit.node("Add", {vit.reshape(context, {1, 5, -1}), tokens});
  const std::string last = vit.node("Add", {vit.mlp(middle), middle});
  const std::string mean = vit.node("ReduceMean", {last, vit.integers({1})});
  vit.classifier(vit.node("Squeeze", {mean, vit.integers({1})}));
  return vit.onnx.bytes();
}

TEST(OnnxDamagedTransformer, FlippedBits) {
  const std::string whole = small_transformer();
  ASSERT_EQ(damage_error(whole), "no error");
  base::Rng rng(20261);
  for (int round = 0; round < 20000; ++round) {
    const std::string error = damage_error(with_flipped_bits(whole, rng));
    if (error != "no error") {
      ASSERT_THAT(error, StartsWith("vit.onnx: "));
    }
  }
}

/// Integers of shapes, axes and indices replaced by any others.
TEST(OnnxDamagedTransformer, AnyIntegers) {
  onnx_schema::ModelProto whole;
  ASSERT_TRUE(whole.ParseFromString(small_transformer()));
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const std::vector<std::int64_t> numbers = {0,  1,  2,  3,     4,          5,    12,
                                             16, -1, -2, 65537, most >> 20, most, least};
  base::Rng rng(20262);
  for (int round = 0; round < 5000; ++round) {
    onnx_schema::ModelProto damaged = whole;
    for (auto& tensor : *damaged.mutable_graph()->mutable_initializer()) {
      if (tensor.int64_data_size() == 0 || rng.below(4) != 0) continue;
      const auto place =
          static_cast<int>(rng.below(static_cast<std::uint64_t>(tensor.int64_data_size())));
      tensor.set_int64_data(place, numbers[rng.below(numbers.size())]);
    }
    for (auto& node : *damaged.mutable_graph()->mutable_node()) {
      for (auto& attribute : *node.mutable_attribute()) {
        if (rng.below(8) != 0) continue;
        if (attribute.has_i()) attribute.set_i(numbers[rng.below(numbers.size())]);
        if (attribute.ints_size() > 0) attribute.set_ints(0, numbers[rng.below(numbers.size())]);
      }
    }
    const std::string error = damage_error(damaged.SerializeAsString());
    if (error != "no error") {
      ASSERT_THAT(error, StartsWith("vit.onnx: "));
    }
  }
}

}  // namespace
}  // namespace gibbon::nn
