#include "gibbon/nn/importers/onnx/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gibbon/base/rng.hpp"

namespace gibbon::nn::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Extents = std::vector<std::int64_t>;

constexpr Axis kF = Axis::kFeatures;
constexpr Axis kT = Axis::kTokens;

/// [1, tokens, features].
View token_rows(std::int64_t tokens, std::int64_t features) {
  return View({{}, View::whole(kT, tokens), View::whole(kF, features)});
}

/// A tensor's elements as numbers: feature x 1000 + token, its last dimension the fastest.
std::vector<std::int64_t> elements_of(const View& view) {
  std::vector<std::int64_t> elements = {0};
  for (std::size_t d = 0; d < view.rank(); ++d) {
    for (const Atom& atom : view[d]) {
      std::vector<std::int64_t> more;
      for (const std::int64_t element : elements) {
        for (std::int64_t i = 0; i < atom.size; ++i) {
          more.push_back(element + i * atom.stride * (atom.axis == kF ? 1000 : 1));
        }
      }
      elements = std::move(more);
    }
  }
  return elements;
}

/// The same numbers with dimensions in another order, by plain loops over indices.
std::vector<std::int64_t> transposed_plainly(const std::vector<std::int64_t>& elements,
                                             const Extents& extents,
                                             const std::vector<std::size_t>& order) {
  std::vector<std::int64_t> result;
  for (std::size_t place = 0; place < elements.size(); ++place) {
    std::size_t rest = place;
    Extents index(order.size());
    for (std::size_t d = order.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(extents[order[d]]);
      index[order[d]] = static_cast<std::int64_t>(rest % extent);
      rest /= extent;
    }
    std::int64_t source = 0;
    for (std::size_t d = 0; d < extents.size(); ++d) source = source * extents[d] + index[d];
    result.push_back(elements[static_cast<std::size_t>(source)]);
  }
  return result;
}

TEST(OnnxView, AnImageIsChannelsRowsAndColumns) {
  const View view = View::image({3, 4, 5});
  EXPECT_THAT(view.extents(), ElementsAre(1, 3, 4, 5));
  EXPECT_THAT(view[1], ElementsAre(Atom{kF, 3, 1}));
  EXPECT_THAT(view[2], ElementsAre(Atom{kT, 4, 5}));
  EXPECT_THAT(view[3], ElementsAre(Atom{kT, 5, 1}));
  EXPECT_EQ(view.count(kT), 20);
  EXPECT_TRUE(view.holds(1, kF));
  EXPECT_FALSE(view.holds(2, kT));
  EXPECT_THAT(View::image({3, 1, 1}).extents(), ElementsAre(1, 3, 1, 1));
}

TEST(OnnxView, PatchesBecomeTokens) {
  const View patches = View::image({3, 4, 5}).reshaped({1, 3, 20})->transposed({0, 2, 1});
  EXPECT_EQ(patches, token_rows(20, 3));
  const View rows_last = View::image({3, 4, 5}).transposed({0, 2, 3, 1});
  EXPECT_EQ(*rows_last.reshaped({1, 20, 3}), token_rows(20, 3));
}

/// As timm splits queries, keys and values: of 24 features 8 each, in 2 heads of 4.
TEST(OnnxView, HeadsAreAtoms) {
  const View heads = token_rows(5, 24).reshaped({1, 5, 3, 2, 4})->transposed({2, 0, 3, 1, 4});
  EXPECT_THAT(heads.extents(), ElementsAre(3, 1, 2, 5, 4));
  EXPECT_THAT(heads[0], ElementsAre(Atom{kF, 3, 8}));
  EXPECT_THAT(heads[1], IsEmpty());
  EXPECT_THAT(heads[2], ElementsAre(Atom{kF, 2, 4}));
  EXPECT_THAT(heads[4], ElementsAre(Atom{kF, 4, 1}));
  EXPECT_TRUE(heads.holds(3, kT));
  EXPECT_THAT(heads.features_at(0, 1, 1), ElementsAre(8, 9, 10, 11, 12, 13, 14, 15));
  const View key = heads.cut(0, 1).erased(0);
  EXPECT_EQ(key.count(kF), 8);
  EXPECT_EQ(*key.transposed({0, 2, 1, 3}).reshaped({1, 5, 8}), token_rows(5, 8));
}

/// Where the three lie inside the heads, 12 features a head, their features are not one run.
TEST(OnnxView, CutsInsideHeads) {
  const View heads = *token_rows(5, 24).reshaped({1, 5, 2, 3, 4});
  EXPECT_THAT(heads.features_at(3, 2, 1), ElementsAre(8, 9, 10, 11, 20, 21, 22, 23));
  EXPECT_EQ(*heads.cut(3, 1).erased(3).reshaped({1, 5, 8}), token_rows(5, 8));
  EXPECT_THAT(heads.cut(3, 2)[2], ElementsAre(Atom{kF, 2, 8}));
}

TEST(OnnxView, SomeShapesCannotBeExpressed) {
  const View view = token_rows(5, 24);
  EXPECT_TRUE(view.reshaped({1, 120}));
  EXPECT_TRUE(view.reshaped({1, 10, 12}));
  EXPECT_FALSE(view.reshaped({1, 12, 10}));  // a part of the tokens, which are prime
  EXPECT_FALSE(view.reshaped({5, 23}));
  EXPECT_FALSE(view.reshaped({5, 25}));
}

TEST(OnnxView, DimensionsOfOneComeAndGo) {
  const View view = token_rows(5, 8);
  EXPECT_THAT(view.inserted(0).extents(), ElementsAre(1, 1, 5, 8));
  EXPECT_THAT(view.inserted(3).extents(), ElementsAre(1, 5, 8, 1));
  EXPECT_EQ(view.inserted(2).erased(2), view);
  EXPECT_EQ(view.replaced(1, {}).count(kT), 1);
}

/// Whatever is done, the elements are those that reshaping and transposing an array gives.
TEST(OnnxView, AgreesWithArrays) {
  base::Rng rng(5);
  for (int round = 0; round < 200; ++round) {
    View view = token_rows(6, 24);
    std::vector<std::int64_t> elements = elements_of(view);
    for (int step = 0; step < 4; ++step) {
      static const std::vector<Extents> kShapes = {{6, 24},     {2, 3, 24},   {144},
                                                   {1, 12, 12}, {4, 6, 3, 2}, {3, 1, 8, 6}};
      const auto reshaped = view.reshaped(kShapes[rng.below(kShapes.size())]);
      if (reshaped) view = *reshaped;
      std::vector<std::size_t> order(view.rank());
      for (std::size_t d = 0; d < order.size(); ++d) order[d] = d;
      for (std::size_t d = order.size(); d > 1; --d) std::swap(order[d - 1], order[rng.below(d)]);
      elements = transposed_plainly(elements, view.extents(), order);
      view = view.transposed(order);
      ASSERT_EQ(elements_of(view), elements) << "round " << round << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace gibbon::nn::onnx
