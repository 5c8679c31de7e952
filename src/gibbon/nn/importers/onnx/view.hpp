#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::nn::onnx {

/// The two indices of a layer's output: its channels, and its positions, row by row.
enum class Axis { kFeatures, kTokens };

/// A part of an index along an axis: (index / stride) % size.
struct Atom {
  Axis axis = Axis::kFeatures;
  std::int64_t size = 1;
  std::int64_t stride = 1;

  friend bool operator==(const Atom&, const Atom&) = default;
};

/// How a tensor of the graph lies in a layer's output. Each of its dimensions is a list of atoms,
/// the most significant first; all dimensions together hold every part of both axes once. So heads
/// of attention, [1, T, 2, 3, 4] of 24 features, are {}, {T}, {2 of stride 12}, {3 of stride 4} and
/// {4 of stride 1}, and remain so when a transposition puts them into another order: nothing is
/// computed. Atoms of size 1 are left out and neighbours joined, so that one layout has one form. A
/// value type.
class View {
 public:
  using Dimension = std::vector<Atom>;

  View() = default;
  explicit View(std::vector<Dimension> dimensions);
  static View image(const Shape& shape);  ///< [1, C, H, W]
  static View vector(int features);       ///< [1, F]
  /// All of an axis, or its `size` least significant steps.
  static Dimension whole(Axis axis, std::int64_t size);

  std::size_t rank() const { return dimensions_.size(); }
  const Dimension& operator[](std::size_t dimension) const { return dimensions_[dimension]; }
  std::int64_t extent(std::size_t dimension) const;
  std::vector<std::int64_t> extents() const;
  std::int64_t elements() const { return count(Axis::kFeatures) * count(Axis::kTokens); }
  /// The extent of an axis.
  std::int64_t count(Axis axis) const;
  /// Whether a dimension is all of an axis, in its order.
  bool holds(std::size_t dimension, Axis axis) const;

  /// Nothing where the new dimensions would cut an atom into parts of unequal size, or have another
  /// number of elements.
  std::optional<View> reshaped(const std::vector<std::int64_t>& extents) const;
  /// Dimension i is what order[i] was; `order` is a permutation.
  View transposed(const std::vector<std::size_t>& order) const;
  View replaced(std::size_t dimension, Dimension by) const;
  View inserted(std::size_t before) const;   ///< a dimension of extent 1
  View erased(std::size_t dimension) const;  ///< one of extent 1
  /// Of a dimension of one atom of features: what lies in the features that `features_at` gives.
  View cut(std::size_t dimension, std::int64_t count) const;
  /// The features whose index in that dimension is one of `count` from `begin` on, in their order.
  std::vector<std::int64_t> features_at(std::size_t dimension, std::int64_t begin,
                                        std::int64_t count) const;

  friend bool operator==(const View&, const View&) = default;

 private:
  std::vector<Dimension> dimensions_;
};

}  // namespace gibbon::nn::onnx
