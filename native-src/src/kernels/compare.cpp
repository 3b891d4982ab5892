#include "ir/compare.h"

#include "ir/variants.h"

namespace ir {

constexpr int kMoments = 4;             // x, y, x^2 + y^2, xy
constexpr int kStep = 8;                // rows of windows made at a time, so that a loaded row serves up to eight of them
constexpr int kStripRows = kStep + kSsimWindow - 1;
constexpr int kStripWindows = 128;      // windows across a strip: its working set (120 KB) stays in the second-level cache
constexpr int kPitch = 144;             // doubles a row: the strip, the window's overhang, and slack for whole vectors
constexpr int kRowDoubles = kMoments * kPitch;

struct WindowSums {
  double ssim, contrast;
};

}  // namespace ir

/// Sum of (a - b)^2 over n values, in a fixed order.
IR_VARIANTS(double, squaredError, (const double* a, const double* b, int n))
/// Fills the last two moments of a row, [x | y | x^2 + y^2 | xy] of kPitch doubles each, from the first two.
IR_VARIANTS(void, productsOfRow, (double* row))
/// Windows along y: out[8 rows] from rows[18], laid out as above. taps[0..5] are the window's from its centre outwards.
IR_VARIANTS(void, windowsAlongY, (const double* const* rows, const double* taps, double* out))
/// Windows along x of one such row, then sums of l cs and cs over the first n of them.
IR_VARIANTS(WindowSums, ssimOfRow, (const double* row, const double* taps, int n, bool clamp))

#ifdef IR_VARIANT_PASS
#include "ir/simd.h"

namespace ir::IR_NS {

static constexpr int kHalf = kSsimWindow / 2;
static constexpr int distance(int k) { return k < 0 ? -k : k; }

/// Lanes are summed in ascending order, so that the result is a function of the row alone.
static inline double sumOf(vd v) {
  double s = 0;
  for (int i = 0; i < kD; ++i) s += v[i];
  return s;
}

double squaredError(const double* a, const double* b, int n) {
  vd sum{};
  int i = 0;
  for (; i + kD <= n; i += kD) {
    const vd d = load(a + i) - load(b + i);
    sum = fma(d, d, sum);
  }
  double rest = 0;
  for (; i < n; ++i) rest += (a[i] - b[i]) * (a[i] - b[i]);
  return sumOf(sum) + rest;
}

void productsOfRow(double* row) {
  for (int i = 0; i < kPitch; i += kD) {
    const vd x = load(row + i), y = load(row + kPitch + i);
    store(row + 2 * kPitch + i, x * x + y * y);
    store(row + 3 * kPitch + i, x * y);
  }
}

void windowsAlongY(const double* const* rows, const double* taps, double* out) {
  vd t[kHalf + 1];
  for (int k = 0; k <= kHalf; ++k) t[k] = splat(taps[k]);
  for (int i = 0; i < kRowDoubles; i += kD) {
    vd sum[kStep] = {};
#pragma GCC unroll 18
    for (int k = 0; k < kStripRows; ++k) {
      const vd v = load(rows[k] + i);
#pragma GCC unroll 8
      for (int r = 0; r < kStep; ++r)
        if (distance(k - r - kHalf) <= kHalf) sum[r] = fma(t[distance(k - r - kHalf)], v, sum[r]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kStep; ++r) store(out + r * kRowDoubles + i, sum[r]);
  }
}

WindowSums ssimOfRow(const double* row, const double* taps, int n, bool clamp) {
  const vd c1 = splat(0.01 * 255 * 0.01 * 255), c2 = splat(0.03 * 255 * 0.03 * 255);
  vd t[kHalf + 1];
  for (int k = 0; k <= kHalf; ++k) t[k] = splat(taps[k]);
  vd total{}, structure{};
  WindowSums rest{};
  for (int i = 0; i < n; i += kD) {
    vd m[kMoments] = {};
#pragma GCC unroll 11
    for (int k = 0; k < kSsimWindow; ++k)
#pragma GCC unroll 4
      for (int j = 0; j < kMoments; ++j) m[j] = fma(t[distance(k - kHalf)], load(row + j * kPitch + i + k), m[j]);
    // grouped so that two equal pictures give equal numerators and denominators: exactly 1
    const vd means = m[0] * m[0] + m[1] * m[1], product = m[0] * m[1];
    vd cs = (2.0 * (m[3] - product) + c2) / ((m[2] - means) + c2);
    if (clamp) cs = (vd)((vl)cs & ~(vl)(cs < splat(0.0)));
    const vd value = (2.0 * product + c1) / (means + c1) * cs;
    if (i + kD <= n) {
      total += value;
      structure += cs;
    } else {
      for (int k = 0; k < n - i; ++k) {
        rest.ssim += value[k];
        rest.contrast += cs[k];
      }
    }
  }
  return {sumOf(total) + rest.ssim, sumOf(structure) + rest.contrast};
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "kernels/luma.h"
#include "kernels/raster_checks.h"
#include "kernels/taps.h"

namespace ir {
namespace {

constexpr int kBandRows = 64;
constexpr int kRadius = kSsimWindow / 2;

struct Sums {
  double squared = 0, ssim = 0, contrast = 0;
};

/// One plane of both pictures, cut by `crop`. Work is split into bands of kBandRows rows, whatever the number of threads. Window (u, v) covers
/// pixels u - pad .. u - pad + 10 across and v - pad .. v - pad + 10 down.
class PlanePair {
 public:
  PlanePair(const CompareArgs& a, int plane, Variant variant)
      : reference_(planeSource(a.reference, a.colour, plane)), image_(planeSource(a.image, a.colour, plane)), variant_(variant), clamp_(a.clampContrast),
        crop_(a.crop), width_(a.reference.width - 2 * a.crop), height_(a.reference.height - 2 * a.crop),
        pad_(a.border == Window::Same ? kRadius : 0), windowColumns_(width_ + 2 * pad_ - kSsimWindow + 1),
        windowRows_(height_ + 2 * pad_ - kSsimWindow + 1) {
    const std::vector<double> taps = gaussianTaps(1.5, kSsimWindow);
    std::copy_n(taps.begin() + kRadius, kRadius + 1, taps_);
  }

  double windows() const { return double(windowColumns_) * double(windowRows_); }
  double pixels() const { return double(width_) * double(height_); }

  /// Squared error of the rows [begin, end).
  double squared(int begin, int end) const {
    constexpr int chunk = 1024;
    double x[chunk], y[chunk], sum = 0;
    for (int row = begin; row < end; ++row)
      for (int column = 0; column < width_; column += chunk) {
        const int n = std::min(chunk, width_ - column);
        read(row, column, n, x, y);
        sum += squaredErrorFor(variant_)(x, y, n);
      }
    return sum;
  }

  /// The sums of SSIM over the windows of rows [begin, end).
  Sums similarity(int begin, int end) const {
    Sums sums;
    std::vector<double> scratch(size_t(kStripRows + kStep) * kRowDoubles + 7, 0.0);
    double* const aligned = scratch.data() + (-(reinterpret_cast<uintptr_t>(scratch.data()) / sizeof(double)) & 7);
    for (int column = 0; column < windowColumns_; column += kStripWindows) strip(column, begin, std::min(end, windowRows_), aligned, sums);
    return sums;
  }

 private:
  void strip(int column, int begin, int end, double* scratch, Sums& sums) const {
    const int windows = std::min(kStripWindows, windowColumns_ - column);
    const auto slot = [&](int row) { return scratch + size_t((row - begin) % kStripRows) * kRowDoubles; };
    double* const filtered = scratch + size_t(kStripRows) * kRowDoubles;
    int filled = begin;
    for (int window = begin; window < end; window += kStep) {
      const int steps = std::min(kStep, end - window);
      for (; filled < window + steps + kSsimWindow - 1; ++filled) {
        fill(filled - pad_, column - pad_, windows + kSsimWindow - 1, slot(filled));
        productsOfRowFor(variant_)(slot(filled));
      }
      const double* rows[kStripRows];
      for (int k = 0; k < kStripRows; ++k) rows[k] = slot(window + k);  // beyond `steps` these are of no consequence
      windowsAlongYFor(variant_)(rows, taps_, filtered);
      for (int r = 0; r < steps; ++r) {
        const WindowSums s = ssimOfRowFor(variant_)(filtered + size_t(r) * kRowDoubles, taps_, windows, clamp_);
        sums.ssim += s.ssim;
        sums.contrast += s.contrast;
      }
    }
  }

  /// Samples of columns [column, column + n) of a row, zero outside the picture.
  void fill(int row, int column, int n, double* dst) const {
    const int left = std::max(0, -column), right = std::min(n, width_ - column);
    if (left > 0 || right < n || row < 0 || row >= height_) std::fill_n(dst, 2 * kPitch, 0.0);
    if (row >= 0 && row < height_ && right > left) read(row, column + left, right - left, dst + left, dst + kPitch + left);
  }

  void read(int row, int column, int n, double* x, double* y) const {
    planeSamplesFor(variant_)(reference_, crop_ + column, crop_ + row, n, x);
    planeSamplesFor(variant_)(image_, crop_ + column, crop_ + row, n, y);
  }

  PlaneSource reference_, image_;
  Variant variant_;
  bool clamp_;
  int crop_, width_, height_, pad_, windowColumns_, windowRows_;
  double taps_[kRadius + 1];
};

}  // namespace

void check(const CompareArgs& a) {
  checkRaster("reference", a.reference);
  checkSame("image", a.image, "reference", a.reference);
  require(a.crop >= 0 && a.crop <= (std::min(a.reference.width, a.reference.height) - 1) / 2, Code::Shape,
          "expected crop to leave at least one pixel of " + describe(a.reference) + ", got " + std::to_string(a.crop));
  require(a.colour == Colour::Rgb || a.reference.channels == 1 || a.reference.channels == 3, Code::Shape,
          "expected 1 or 3 channels for a luma, got " + std::to_string(a.reference.channels));
  require(!a.ssim || a.border == Window::Same || std::min(a.reference.width, a.reference.height) - 2 * a.crop >= kSsimWindow, Code::Shape,
          "expected at least 11 pixels on each side for SSIM's window, got " + describe(a.reference) + " with crop " + std::to_string(a.crop));
  require(a.results.size == size_t(3 * a.planes()), Code::Shape,
          "expected results to have length " + std::to_string(3 * a.planes()) + ", got " + std::to_string(a.results.size));
}

void run(const CompareArgs& a, const Exec& exec) {
  const int planes = a.planes(), height = a.reference.height - 2 * a.crop;
  const size_t bands = size_t(height - 1) / kBandRows + 1;
  std::vector<PlanePair> pairs;
  for (int p = 0; p < planes; ++p) pairs.emplace_back(a, p, exec.variant);
  std::vector<Sums> sums(size_t(planes) * bands);
  parallelFor(exec, sums.size(), [&](size_t i) {
    const int begin = int(i % bands) * kBandRows, end = std::min(height, begin + kBandRows);
    const PlanePair& pair = pairs[i / bands];
    if (a.ssim) sums[i] = pair.similarity(begin, end);
    sums[i].squared = pair.squared(begin, end);
  });
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int p = 0; p < planes; ++p) {
    Sums total;
    for (size_t i = 0; i < bands; ++i) {
      const Sums& s = sums[size_t(p) * bands + i];
      total.squared += s.squared;
      total.ssim += s.ssim;
      total.contrast += s.contrast;
    }
    const double windows = pairs[size_t(p)].windows();
    a.results.data[p] = total.squared / pairs[size_t(p)].pixels();
    a.results.data[planes + p] = a.ssim ? total.ssim / windows : nan;
    a.results.data[2 * planes + p] = a.ssim ? total.contrast / windows : nan;
  }
}

}  // namespace ir
#endif
