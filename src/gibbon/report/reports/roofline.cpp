#include "gibbon/report/reports/roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "gibbon/report/reports/csv.hpp"

namespace gibbon::report {
namespace {

constexpr double kWidth = 720, kHeight = 480;
constexpr double kLeft = 70, kRight = 150, kTop = 30, kBottom = 55;
constexpr double kTopsPerGbPerS = 1e-3;  // of an intensity of one operation a byte

/// By sim::Resource: Okabe and Ito's palette, which colour-blind readers tell apart.
constexpr std::array<const char*, sim::kResourceCount> kColours = {"#D55E00", "#009E73", "#E69F00",
                                                                   "#56B4E9", "#0072B2", "#CC79A7"};

/// A logarithmic axis over whole decades.
class Axis {
 public:
  Axis(double least, double most, double from, double to)
      : low_(std::floor(std::log10(least))),
        high_(std::max(low_ + 1, std::ceil(std::log10(most)))),
        from_(from),
        to_(to) {}

  double at(double value) const {
    return from_ + (std::log10(value) - low_) / (high_ - low_) * (to_ - from_);
  }
  double least() const { return std::pow(10, low_); }
  double most() const { return std::pow(10, high_); }
  std::vector<double> decades() const {
    std::vector<double> values;
    for (double power = low_; power <= high_; ++power) values.push_back(std::pow(10, power));
    return values;
  }

 private:
  double low_, high_, from_, to_;
};

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '<') {
      safe += "&lt;";
    } else if (letter == '&') {
      safe += "&amp;";
    } else {
      safe += letter;
    }
  }
  return safe;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(text));
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

class Plot {
 public:
  explicit Plot(const sim::Roofline& roofline)
      : roofline_(roofline),
        x_(least_x(), most_x(), kLeft, kWidth - kRight),
        y_(least_y(), 1.5 * roofline.peak_tops, kHeight - kBottom, kTop) {}

  std::string svg() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
        kWidth, kHeight);
    add_grid();
    add_ceiling(roofline_.dram_gb_per_s, "stroke=\"#333\" stroke-width=\"1.5\"");
    add_ceiling(roofline_.shared_gb_per_s, "stroke=\"#333\" stroke-dasharray=\"5 3\"");
    add_points();
    add_legend();
    return out_ + "</svg>\n";
  }

 private:
  double ridge() const {
    const double slower = std::min(roofline_.dram_gb_per_s, roofline_.shared_gb_per_s);
    return roofline_.peak_tops / (slower * kTopsPerGbPerS);
  }
  template <typename Value>
  double extreme(double start, const Value& value, bool least) const {
    for (const auto& point : roofline_.points) {
      start = least ? std::min(start, value(point)) : std::max(start, value(point));
    }
    return start;
  }
  double least_x() const {
    return extreme(
        ridge() / 10, [](const auto& point) { return point.intensity(); }, true);
  }
  double most_x() const {
    return extreme(
        ridge() * 3, [](const auto& point) { return point.intensity(); }, false);
  }
  double least_y() const {
    return extreme(
        roofline_.peak_tops / 10, [](const auto& point) { return point.tops(); }, true);
  }

  void add_grid() {
    const double bottom = kHeight - kBottom;
    const double right = kWidth - kRight;
    for (const double value : x_.decades()) {
      out_ += line(x_.at(value), kTop, x_.at(value), bottom, "stroke=\"#ddd\"");
      out_ += text_at(x_.at(value), bottom + 18, "middle", fmt::format("{:g}", value));
    }
    for (const double value : y_.decades()) {
      out_ += line(kLeft, y_.at(value), right, y_.at(value), "stroke=\"#ddd\"");
      out_ += text_at(kLeft - 8, y_.at(value) + 4, "end", fmt::format("{:g}", value));
    }
    out_ += text_at((kLeft + right) / 2, kHeight - 14, "middle", "operations a byte");
    out_ += text_at(kLeft, kTop - 12, "middle", "TOPS");
  }

  /// From the left edge, or the bottom, up to the peak.
  void add_ceiling(double gb_per_s, const char* style) {
    const double slope = gb_per_s * kTopsPerGbPerS;
    const double begin = std::max(x_.least(), y_.least() / slope);
    const double ridge = std::min(x_.most(), roofline_.peak_tops / slope);
    if (begin < ridge) {
      out_ += line(x_.at(begin), y_.at(begin * slope), x_.at(ridge), y_.at(ridge * slope), style);
    }
    const double flat = std::max(ridge, x_.least());
    out_ += line(x_.at(flat), y_.at(roofline_.peak_tops), x_.at(x_.most()),
                 y_.at(roofline_.peak_tops), style);
  }

  void add_points() {
    std::map<std::tuple<long, long, sim::Resource, bool>, std::string> marks;
    for (const auto& point : roofline_.points) {
      auto& names =
          marks[{std::lround(10 * x_.at(point.intensity())), std::lround(10 * y_.at(point.tops())),
                 point.bound_by, point.dram_bytes > 0}];
      names += (names.empty() ? "" : ", ") + point.layer;
    }
    for (const auto& [place, names] : marks) {
      const auto& [x, y, resource, from_dram] = place;
      const char* colour = kColours[static_cast<std::size_t>(resource)];
      out_ += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\" stroke=\"{}\" "
          "stroke-width=\"1.5\"><title>{}</title></circle>\n",
          0.1 * static_cast<double>(x), 0.1 * static_cast<double>(y), from_dram ? colour : "none",
          colour, escaped(names));
    }
  }

  void add_legend() {
    const double x = kWidth - kRight + 15;
    double y = kTop + 10;
    for (std::size_t i = 0; i < sim::kResourceCount; ++i) {
      const auto resource = static_cast<sim::Resource>(i);
      const bool used = std::any_of(roofline_.points.begin(), roofline_.points.end(),
                                    [&](const auto& point) { return point.bound_by == resource; });
      if (!used) continue;
      out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"/>\n", x, y - 4,
                          kColours[i]);
      out_ += text_at(x + 10, y, "start", std::string(sim::resource_name(resource)));
      y += 18;
    }
    out_ += text_at(x - 5, y + 8, "start", fmt::format("DRAM {:g} GB/s", roofline_.dram_gb_per_s));
    out_ +=
        text_at(x - 5, y + 26, "start", fmt::format("- - shared {:g}", roofline_.shared_gb_per_s));
  }

  const sim::Roofline& roofline_;
  Axis x_, y_;
  std::string out_;
};

}  // namespace

std::string roofline_csv(const sim::Roofline& roofline) {
  std::string out =
      "layer,operations,dram_bytes,shared_bytes,time_ns,tops,operations_per_byte,bound_by,"
      "peak_tops,dram_gb_per_s,shared_gb_per_s\n";
  for (const sim::RooflinePoint& point : roofline.points) {
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(point.layer),
                       point.operations, point.dram_bytes, point.shared_bytes, point.time_ns,
                       point.tops(), point.intensity(), sim::resource_name(point.bound_by),
                       roofline.peak_tops, roofline.dram_gb_per_s, roofline.shared_gb_per_s);
  }
  return out;
}

std::string roofline_svg(const sim::Roofline& roofline) {
  return Plot(roofline).svg();
}

}  // namespace gibbon::report
