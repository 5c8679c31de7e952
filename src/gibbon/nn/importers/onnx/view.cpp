#include "gibbon/nn/importers/onnx/view.hpp"

#include <algorithm>
#include <utility>

namespace gibbon::nn::onnx {

namespace {

std::int64_t extent_of(const View::Dimension& dimension) {
  std::int64_t extent = 1;
  for (const Atom& atom : dimension) extent *= atom.size;
  return extent;
}

View::Dimension simplified(const View::Dimension& dimension) {
  View::Dimension result;
  for (const Atom& atom : dimension) {
    if (atom.size == 1) continue;
    const bool continues = !result.empty() && result.back().axis == atom.axis &&
                           result.back().stride == atom.size * atom.stride;
    if (continues) {
      result.back() = {atom.axis, result.back().size * atom.size, atom.stride};
    } else {
      result.push_back(atom);
    }
  }
  return result;
}

}  // namespace

View::View(std::vector<Dimension> dimensions) : dimensions_(std::move(dimensions)) {
  for (Dimension& dimension : dimensions_) dimension = simplified(dimension);
}

View View::image(const Shape& shape) {
  return View({{},
               whole(Axis::kFeatures, shape.channels),
               {{Axis::kTokens, shape.height, shape.width}},
               whole(Axis::kTokens, shape.width)});
}

View View::vector(int features) {
  return View({{}, whole(Axis::kFeatures, features)});
}

View::Dimension View::whole(Axis axis, std::int64_t size) {
  return simplified({{axis, size, 1}});
}

std::int64_t View::extent(std::size_t dimension) const {
  return extent_of(dimensions_[dimension]);
}

std::vector<std::int64_t> View::extents() const {
  std::vector<std::int64_t> result;
  for (const Dimension& dimension : dimensions_) result.push_back(extent_of(dimension));
  return result;
}

std::int64_t View::count(Axis axis) const {
  std::int64_t result = 1;
  for (const Dimension& dimension : dimensions_) {
    for (const Atom& atom : dimension) result *= atom.axis == axis ? atom.size : 1;
  }
  return result;
}

bool View::holds(std::size_t dimension, Axis axis) const {
  return dimensions_[dimension] == whole(axis, count(axis));
}

std::optional<View> View::reshaped(const std::vector<std::int64_t>& extents) const {
  Dimension open;  // the most significant at the back
  for (auto dimension = dimensions_.rbegin(); dimension != dimensions_.rend(); ++dimension) {
    open.insert(open.end(), dimension->rbegin(), dimension->rend());
  }
  std::vector<Dimension> result;
  for (const std::int64_t extent : extents) {
    Dimension& dimension = result.emplace_back();
    for (std::int64_t left = extent; left > 1;) {
      if (open.empty()) return std::nullopt;
      Atom& atom = open.back();
      if (left % atom.size == 0) {
        dimension.push_back(atom);
        left /= atom.size;
        open.pop_back();
      } else if (atom.size % left == 0) {
        atom.size /= left;
        dimension.push_back({atom.axis, left, atom.size * atom.stride});
        left = 1;
      } else {
        return std::nullopt;
      }
    }
  }
  if (!open.empty()) return std::nullopt;
  return View(std::move(result));
}

View View::transposed(const std::vector<std::size_t>& order) const {
  std::vector<Dimension> result;
  for (const std::size_t source : order) result.push_back(dimensions_[source]);
  return View(std::move(result));
}

View View::replaced(std::size_t dimension, Dimension by) const {
  std::vector<Dimension> result = dimensions_;
  result[dimension] = std::move(by);
  return View(std::move(result));
}

View View::inserted(std::size_t before) const {
  std::vector<Dimension> result = dimensions_;
  result.insert(result.begin() + static_cast<std::ptrdiff_t>(before), Dimension{});
  return View(std::move(result));
}

View View::erased(std::size_t dimension) const {
  std::vector<Dimension> result = dimensions_;
  result.erase(result.begin() + static_cast<std::ptrdiff_t>(dimension));
  return View(std::move(result));
}

View View::cut(std::size_t dimension, std::int64_t count) const {
  const Atom whole_atom = dimensions_[dimension].front();
  std::vector<Dimension> result = dimensions_;
  for (Dimension& other : result) {
    for (Atom& atom : other) {
      const bool is_outside = atom.axis == whole_atom.axis && atom.stride > whole_atom.stride;
      if (is_outside) atom.stride = atom.stride / whole_atom.size * count;
    }
  }
  result[dimension].front().size = count;
  return View(std::move(result));
}

std::vector<std::int64_t> View::features_at(std::size_t dimension, std::int64_t begin,
                                            std::int64_t count) const {
  const Atom& atom = dimensions_[dimension].front();
  const std::int64_t features = this->count(Axis::kFeatures);
  std::vector<std::int64_t> result;
  for (std::int64_t feature = 0; feature < features; ++feature) {
    const std::int64_t place = feature / atom.stride % atom.size;
    if (place >= begin && place < begin + count) result.push_back(feature);
  }
  return result;
}

}  // namespace gibbon::nn::onnx
