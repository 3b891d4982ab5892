// The plain double-precision oracle of the linear filters: every filter along an axis is a dense matrix written from its definition
// (REFERENCE C.1, C.2), applied without any of the kernels' code.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ir/contract.h"
#include "ir/resample.h"
#include "pictures.h"

namespace ir::test {

constexpr double kEps = 0x1p-24;  // half a unit in the last place of a float at 1: the largest relative error of one rounding

/// The sample at index i of a line of n that continues past its ends, found by walking there one step at a time.
inline int walk(long i, int n, Border border) {
  if (border == Border::Replicate) return int(std::min<long>(std::max<long>(i, 0), n - 1));
  int at = 0, direction = 1;
  const bool backwards = i < 0;
  // to the left of sample 0 the line looks as it does from sample 0 on, with or without that sample once more
  for (long steps = backwards ? (border == Border::Symmetric ? -i - 1 : -i) : i; steps > 0; --steps) {
    const bool end = at + direction < 0 || at + direction >= n;
    if (!end) {
      at += direction;
      continue;
    }
    direction = -direction;
    if (border == Border::Reflect101 && n > 1) at += direction;
  }
  return at;
}

struct Matrix {
  int rows = 0, columns = 0;
  std::vector<double> values;
  int taps = 0;  // the most samples that enter an output, before the border folds them together

  Matrix(int r, int c) : rows(r), columns(c), values(size_t(r) * size_t(c), 0.0) {}
  double& at(int r, int c) { return values[size_t(r) * size_t(columns) + size_t(c)]; }
  double at(int r, int c) const { return values[size_t(r) * size_t(columns) + size_t(c)]; }
};

inline Matrix multiply(const Matrix& a, const Matrix& b) {
  Matrix m(a.rows, b.columns);
  for (int i = 0; i < a.rows; ++i)
    for (int k = 0; k < a.columns; ++k)
      if (a.at(i, k) != 0)
        for (int j = 0; j < b.columns; ++j) m.at(i, j) += a.at(i, k) * b.at(k, j);
  m.taps = a.taps + b.taps;
  return m;
}

inline int referenceSize(double sigma, int size) {
  if (size) return size;
  int k = 1;
  while (k < 6 * sigma + 1) k += 2;
  return k;
}

inline Matrix blurMatrix(int n, double sigma, int size, Border border) {
  const int taps = referenceSize(sigma, size), radius = taps / 2;
  double sum = 0;
  for (int k = -radius; k <= radius; ++k) sum += std::exp(-k * double(k) / (2 * sigma * sigma));
  Matrix m(n, n);
  for (int i = 0; i < n; ++i)
    for (int k = -radius; k <= radius; ++k) m.at(i, walk(i + k, n, border)) += std::exp(-k * double(k) / (2 * sigma * sigma)) / sum;
  m.taps = taps;
  return m;
}

inline double filterAt(Filter filter, double x) {
  const double d = std::fabs(x), pi = std::acos(-1.0);
  const auto keys = [d](double a) {
    if (d <= 1) return (a + 2) * d * d * d - (a + 3) * d * d + 1;
    return d < 2 ? a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a : 0.0;
  };
  switch (filter) {
    case Filter::Cubic: return keys(-0.5);
    case Filter::CubicOpenCv: return keys(-0.75);
    case Filter::Linear: return std::max(0.0, 1 - d);
    case Filter::Box: return x >= -0.5 && x < 0.5 ? 1 : 0;
    case Filter::Lanczos3: break;
  }
  if (d >= 3) return 0;
  return d == 0 ? 1 : 3 * std::sin(pi * d) * std::sin(pi * d / 3) / (pi * pi * d * d);
}

inline Matrix resampleMatrix(int in, int out, double scale, Filter filter, bool antialias, Border border) {
  const bool opencv = filter == Filter::CubicOpenCv;
  const double stretch = antialias && !opencv ? std::min(1.0, scale) : 1;
  const long reach = long(std::ceil(3 / stretch)) + 1;
  Matrix m(out, in);
  for (int i = 0; i < out; ++i) {
    const double u = (i + 0.5) / scale - 0.5;
    const long centre = long(std::floor(u));
    const auto weight = [&](long j) { return filterAt(filter, stretch * (u - double(j))); };
    double sum = 0;
    int taps = 0;
    for (long j = centre - reach; j <= centre + reach; ++j) sum += weight(j), taps += weight(j) != 0;
    for (long j = centre - reach; j <= centre + reach; ++j) m.at(i, walk(j, in, opencv ? Border::Replicate : border)) += weight(j) / sum;
    m.taps = std::max(m.taps, taps);
  }
  return m;
}

/// MATLAB's size of a result.
inline int scaled(int n, double scale) { return std::max(1, int(std::ceil(n * scale - 1e-9))); }

/// A filtered picture and, beside each value, the sum of |weight x sample| that its error is measured by. Samples as they are stored.
struct Filtered {
  int width, height, channels;
  std::vector<double> value, magnitude;  // planar
  size_t index(int c, int x, int y) const { return (size_t(c) * size_t(height) + size_t(y)) * size_t(width) + size_t(x); }
};

inline Filtered filter(const Picture& p, const Matrix& alongX, const Matrix& alongY) {
  Filtered f{alongX.rows, alongY.rows, p.channels, {}, {}};
  std::vector<double> value(size_t(alongX.rows) * size_t(p.height)), magnitude(value.size());
  for (int c = 0; c < p.channels; ++c) {
    for (int y = 0; y < p.height; ++y)
      for (int i = 0; i < alongX.rows; ++i) {
        double v = 0, m = 0;
        for (int x = 0; x < p.width; ++x) v += alongX.at(i, x) * p.sample(c, x, y), m += std::fabs(alongX.at(i, x) * p.sample(c, x, y));
        value[size_t(y) * size_t(alongX.rows) + size_t(i)] = v, magnitude[size_t(y) * size_t(alongX.rows) + size_t(i)] = m;
      }
    for (int j = 0; j < alongY.rows; ++j)
      for (int i = 0; i < alongX.rows; ++i) {
        double v = 0, m = 0;
        for (int y = 0; y < p.height; ++y) {
          const size_t at = size_t(y) * size_t(alongX.rows) + size_t(i);
          v += alongY.at(j, y) * value[at], m += std::fabs(alongY.at(j, y)) * magnitude[at];
        }
        f.value.push_back(v), f.magnitude.push_back(m);
      }
  }
  return f;
}

/// Largest error as a share of what is allowed: `units` eps times the magnitude, for bytes (rounded half up and clipped) half a level more.
inline double excess(const Picture& got, const Filtered& expected, double units) {
  double worst = 0;
  for (int c = 0; c < got.channels; ++c)
    for (int y = 0; y < got.height; ++y)
      for (int x = 0; x < got.width; ++x) {
        const size_t at = expected.index(c, x, y);
        const double allowed = units * kEps * expected.magnitude[at], v = expected.value[at], s = got.sample(c, x, y);
        if (!got.floats.empty())
          worst = std::max(worst, s == v                           ? 0
                                  : !(std::fabs(s - v) <= allowed) ? std::max(2.0, std::fabs(s - v) / allowed)
                                                                   : std::fabs(s - v) / allowed);
        else if (std::fabs(s - std::min(255.0, std::max(0.0, v))) > 0.5 + allowed)
          worst = std::max(worst, 2.0);
      }
  return worst;
}

}  // namespace ir::test
