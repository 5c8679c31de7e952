#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Table II of the Gibbon paper (Sun et al., DATE 2022): searchers on CIFAR-10 by what their best
/// designs reach, beside the designs of one run of ours.
namespace gibbon::study {

/// Accuracy in per cent on crossbars, energy-delay product in ms x mJ, area in mm2.
struct DesignFigures {
  std::string name;
  double accuracy = 0;
  double edp = 0;
  double area = 0;
};

/// The rows that have all three figures (UAE and NAS4RRAM have accuracies only).
const std::vector<DesignFigures>& table2_rows();

/// A row and the design of ours that stands against it.
struct Table2Match {
  DesignFigures row;
  DesignFigures ours;
  bool accuracy_better = false;
  bool edp_better = false;
  bool area_better = false;

  int better() const { return accuracy_better + edp_better + area_better; }
  bool dominates() const { return better() == 3; }
};

/// Against every row the design that is at least as good on most of the three figures; of several,
/// the most accurate; of equals, the first. No designs, no matches.
std::vector<Table2Match> match_table2(const std::vector<DesignFigures>& designs);

}  // namespace gibbon::study
