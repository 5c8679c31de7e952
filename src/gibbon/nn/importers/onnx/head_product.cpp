#include "gibbon/nn/importers/onnx/head_product.hpp"

#include <utility>
#include <vector>

namespace gibbon::nn::onnx {

namespace {

/// Dimensions of heads where a head has `width` features: their atoms count heads, not features.
std::vector<View::Dimension> heads_of(const View& view, std::int64_t width) {
  std::vector<View::Dimension> heads;
  for (std::size_t d = 0; d + 2 < view.rank(); ++d) {
    heads.push_back(view[d]);
    for (Atom& atom : heads.back()) atom.stride /= width;
  }
  return heads;
}

/// Whether a dimension is the features of a head, as many as it has indices.
bool is_head(const View& view, std::size_t dimension) {
  return view[dimension] == View::whole(Axis::kFeatures, view.extent(dimension));
}

}  // namespace

std::optional<HeadProduct> match_head_product(const View& first, const View& second) {
  const std::size_t rank = first.rank();
  if (rank < 2 || second.rank() != rank) return std::nullopt;
  const std::size_t row = rank - 2;
  const std::size_t column = rank - 1;
  // As a view holds each part of its axes once, the dimensions left over are heads.
  if (!first.holds(row, Axis::kTokens) || !is_head(first, column)) return std::nullopt;
  const bool are_keys = is_head(second, row) && second.holds(column, Axis::kTokens);
  const bool are_values = second.holds(row, Axis::kTokens) && is_head(second, column);
  if (first.extent(column) != second.extent(row) || !(are_keys || are_values)) return std::nullopt;
  const std::int64_t first_width = first.extent(column);
  const std::int64_t second_width = second.extent(are_keys ? row : column);
  std::vector<View::Dimension> result = heads_of(first, first_width);
  if (result != heads_of(second, second_width)) return std::nullopt;
  const std::int64_t width = second.extent(column);
  for (View::Dimension& heads : result) {
    for (Atom& atom : heads) atom.stride *= width;
  }
  result.push_back(first[row]);
  result.push_back(View::whole(Axis::kFeatures, width));
  return HeadProduct{are_keys, first.count(Axis::kFeatures) / first_width, View(std::move(result))};
}

}  // namespace gibbon::nn::onnx
