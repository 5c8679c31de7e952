#pragma once

#include <span>
#include <vector>

#include "gibbon/base/json.hpp"

namespace gibbon::predict {

/// A curve that never rises, through points that scatter around it: least squares under that
/// condition (isotonic regression by pooling adjacent violators: Ayer et al., Annals of
/// Mathematical Statistics 26, 1955), straight between the means of neighbouring pools, level
/// beyond the ends. It has nothing to set. A value type; 0 everywhere until there are points.
class FallingCurve {
 public:
  struct Point {
    double x = 0;
    double y = 0;
  };
  /// In any order; all finite.
  static FallingCurve through(std::vector<Point> points);
  double at(double x) const;

  const std::vector<Point>& pools() const { return pools_; }  ///< their means, x rising

 private:
  std::vector<Point> pools_;
  friend FallingCurve falling_curve_from(const base::Json& json);
};

base::Json to_json(const FallingCurve& curve);
/// Throws nlohmann's exceptions on another shape.
FallingCurve falling_curve_from(const base::Json& json);

}  // namespace gibbon::predict
