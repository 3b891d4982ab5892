#include "kernels/taps.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "ir/border.h"

namespace ir {
namespace {

double cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

double sinc(double x) {
  if (x == 0) return 1;
  const double p = 3.14159265358979323846 * x;
  return std::sin(p) / p;
}

struct Kernel {
  double support;  // whole width
  std::function<double(double)> at;
};

Kernel kernelOf(Filter filter) {
  switch (filter) {
    case Filter::Linear: return {2, [](double x) { return std::max(0.0, 1 - std::fabs(x)); }};
    case Filter::Box: return {1, [](double x) { return x >= -0.5 && x < 0.5 ? 1.0 : 0.0; }};
    case Filter::Lanczos3: return {6, [](double x) { return std::fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0.0; }};
    case Filter::CubicOpenCv: return {4, [](double x) { return cubic(x, -0.75); }};
    case Filter::Cubic: break;
  }
  return {4, [](double x) { return cubic(x, -0.5); }};
}

/// Collects weights per input index, folded, into a contiguous run.
class RunBuilder {
 public:
  explicit RunBuilder(AxisMap& map) : map_(map), dense_(size_t(map.in), 0.0) {}

  void add(int index, double weight) {
    dense_[size_t(index)] += weight;
    low_ = std::min(low_, index);
    high_ = std::max(high_, index);
  }

  /// `scale` times a run of weights that lies inside.
  void addRun(int index, const std::vector<double>& weights, double scale) {
    for (size_t k = 0; k < weights.size(); ++k) dense_[size_t(index) + k] += scale * weights[k];
    low_ = std::min(low_, index);
    high_ = std::max(high_, index + int(weights.size()) - 1);
  }

  void finish() {
    while (low_ < high_ && dense_[size_t(low_)] == 0) ++low_;
    while (high_ > low_ && dense_[size_t(high_)] == 0) --high_;
    runs_.insert(runs_.end(), dense_.begin() + low_, dense_.begin() + high_ + 1);
    map_.first.push_back(low_);
    map_.count.push_back(high_ - low_ + 1);
    std::fill(dense_.begin() + low_, dense_.begin() + high_ + 1, 0.0);
    low_ = map_.in;
    high_ = -1;
  }

  void pack() {
    map_.stride = *std::max_element(map_.count.begin(), map_.count.end());
    map_.weights.assign(size_t(map_.out) * size_t(map_.stride), 0.0);
    auto run = runs_.begin();
    for (size_t i = 0; i < map_.count.size(); run += map_.count[i++])
      std::copy_n(run, map_.count[i], map_.weights.begin() + ptrdiff_t(i) * map_.stride);
  }

 private:
  AxisMap& map_;
  std::vector<double> dense_;
  std::vector<double> runs_;  // one after another
  int low_ = INT32_MAX, high_ = -1;
};

}  // namespace

std::vector<double> gaussianTaps(double sigma, int size) {
  std::vector<double> taps(static_cast<size_t>(size));
  const int radius = size / 2;
  double sum = 0;
  for (int i = 0; i < size; ++i) sum += taps[size_t(i)] = std::exp(-double(i - radius) * (i - radius) / (2 * sigma * sigma));
  for (double& t : taps) t /= sum;
  return taps;
}

AxisMap resampleAxis(int in, int out, double scale, Filter filter, bool antialias, Border border) {
  const Kernel kernel = kernelOf(filter);
  const double stretch = antialias && filter != Filter::CubicOpenCv ? std::min(1.0, scale) : 1.0;
  const double support = kernel.support / stretch;
  const int taps = int(std::ceil(support)) + 2;
  AxisMap map;
  map.in = in;
  map.out = out;
  RunBuilder builder(map);
  std::vector<double> weight(static_cast<size_t>(taps));
  for (int i = 0; i < out; ++i) {
    const double u = (i + 0.5) / scale - 0.5;
    const long long left = static_cast<long long>(std::floor(u - support / 2));
    double sum = 0;
    for (int k = 0; k < taps; ++k) sum += weight[size_t(k)] = stretch * kernel.at(stretch * (u - double(left + k)));
    for (int k = 0; k < taps; ++k)
      if (weight[size_t(k)] != 0) builder.add(fold(left + k, in, border), weight[size_t(k)] / sum);
    builder.finish();
  }
  builder.pack();
  return map;
}

AxisMap afterBlur(const AxisMap& down, const std::vector<double>& taps, Border blurBorder) {
  AxisMap map;
  map.in = down.in;
  map.out = down.out;
  RunBuilder builder(map);
  const int radius = int(taps.size()) / 2;
  for (int i = 0; i < down.out; ++i) {
    for (int k = 0; k < down.count[size_t(i)]; ++k) {
      const double w = down.weights[size_t(i) * size_t(down.stride) + size_t(k)];
      const int centre = down.first[size_t(i)] + k;
      if (centre >= radius && centre < down.in - radius)
        builder.addRun(centre - radius, taps, w);
      else
        for (int j = -radius; j <= radius; ++j) builder.add(fold((long long)centre + j, down.in, blurBorder), w * taps[size_t(j + radius)]);
    }
    builder.finish();
  }
  builder.pack();
  return map;
}

}  // namespace ir
