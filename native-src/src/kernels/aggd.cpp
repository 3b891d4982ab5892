#include "kernels/aggd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ir {
namespace {

constexpr int kShapes = 9801;

struct Table {
  std::vector<double> ratio, width, centre;  // r(alpha), sqrt(Gamma(1/a) / Gamma(3/a)), Gamma(2/a) / Gamma(1/a)

  Table() {
    for (int i = 0; i < kShapes; ++i) {
      const double a = shape(i), g1 = std::tgamma(1 / a), g2 = std::tgamma(2 / a), g3 = std::tgamma(3 / a);
      ratio.push_back(g2 * g2 / (g1 * g3));
      width.push_back(std::sqrt(g1 / g3));
      centre.push_back(g2 / g1);
    }
  }
  static double shape(int i) { return 0.2 + 0.001 * i; }
};

const Table& table() {
  static const Table t;
  return t;
}

struct Fit {
  double alpha, left, right, centre;
};

Fit fit(const AggdSums& s) {
  const double sl = std::sqrt(s.leftSquares / s.left), sr = std::sqrt(s.rightSquares / s.right), g = sl / sr;
  const double mean = s.absolute / s.count, ratio = mean * mean / ((s.leftSquares + s.rightSquares) / s.count);
  const double target = ratio * (g * g * g + 1) * (g + 1) / ((g * g + 1) * (g * g + 1));
  if (std::isnan(target)) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {nan, nan, nan, nan};
  }
  const size_t i = size_t(nearestShape(target));
  return {Table::shape(int(i)), sl * table().width[i], sr * table().width[i], table().centre[i]};
}

}  // namespace

double shapeRatio(int index) { return table().ratio[size_t(index)]; }

int nearestShape(double target) {
  const auto& r = table().ratio;  // ascending
  const auto above = std::lower_bound(r.begin(), r.end(), target);
  if (above == r.begin()) return 0;
  const int i = int(above - r.begin());
  if (above == r.end()) return kShapes - 1;
  const double low = (r[size_t(i - 1)] - target) * (r[size_t(i - 1)] - target), high = (r[size_t(i)] - target) * (r[size_t(i)] - target);
  return low <= high ? i - 1 : i;
}

void aggdFeatures(const AggdSums sums[5], double features[18]) {
  const Fit block = fit(sums[0]);
  features[0] = block.alpha;
  features[1] = (block.left + block.right) / 2;
  for (int k = 0; k < 4; ++k) {
    const Fit product = fit(sums[1 + k]);
    double* f = features + 2 + 4 * k;
    f[0] = product.alpha;
    f[1] = (product.right - product.left) * product.centre;
    f[2] = product.left;
    f[3] = product.right;
  }
}

}  // namespace ir
