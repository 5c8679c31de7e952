#include "gibbon/predict/falling_curve.hpp"

#include <algorithm>

namespace gibbon::predict {

namespace {

struct Pool {
  double x = 0;  ///< sums
  double y = 0;
  double count = 0;

  double mean_x() const { return x / count; }
  double mean_y() const { return y / count; }
};

}  // namespace

FallingCurve FallingCurve::through(std::vector<Point> points) {
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a.x != b.x ? a.x < b.x : a.y > b.y; });
  std::vector<Pool> pools;
  for (const Point& point : points) {
    pools.push_back({point.x, point.y, 1});
    while (pools.size() > 1 && (pools[pools.size() - 2].mean_y() <= pools.back().mean_y() ||
                                pools[pools.size() - 2].mean_x() == pools.back().mean_x())) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().x += last.x;
      pools.back().y += last.y;
      pools.back().count += last.count;
    }
  }
  FallingCurve curve;
  for (const Pool& pool : pools) curve.pools_.push_back({pool.mean_x(), pool.mean_y()});
  return curve;
}

double FallingCurve::at(double x) const {
  if (pools_.empty()) return 0;
  const auto right = std::lower_bound(pools_.begin(), pools_.end(), x,
                                      [](const Point& pool, double at) { return pool.x < at; });
  if (right == pools_.begin()) return right->y;
  const Point& left = *(right - 1);
  if (right == pools_.end()) return left.y;
  return left.y + (right->y - left.y) * (x - left.x) / (right->x - left.x);
}

base::Json to_json(const FallingCurve& curve) {
  base::Json pools = base::Json::array();
  for (const FallingCurve::Point& pool : curve.pools()) pools.push_back({pool.x, pool.y});
  return pools;
}

FallingCurve falling_curve_from(const base::Json& json) {
  FallingCurve curve;
  for (const base::Json& pool : json) {
    curve.pools_.push_back({pool.at(0).get<double>(), pool.at(1).get<double>()});
  }
  return curve;
}

}  // namespace gibbon::predict
