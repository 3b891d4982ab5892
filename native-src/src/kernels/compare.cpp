#include "ir/compare.h"

#include "ir/variants.h"

namespace ir {

constexpr int kMoments = 4;  // x, y, x^2 + y^2, xy
constexpr int kStep = 8;     // rows of windows made at a time, so that a loaded row serves up to eight of them
constexpr int kStripRows = kStep + kSsimWindow - 1;
constexpr int kStripWindows = 128;  // windows across a strip: its working set (120 KB) stays in the second-level cache
constexpr int kPitch = 144;         // doubles a row: the strip, the window's overhang, and slack for whole vectors
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
/// Adds `weight` times the moments of one plane, xy = [x | y], to a row laid out as above.
IR_VARIANTS(void, addProducts, (const double* xy, double weight, double* row))
/// Windows along x of one such row, then sums of l cs and cs over the first n of them.
IR_VARIANTS(WindowSums, ssimOfRow, (const double* row, const double* taps, double c2, int n, bool clamp))

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

void addProducts(const double* xy, double weight, double* row) {
  const vd w = splat(weight);
  for (int i = 0; i < kPitch; i += kD) {
    const vd x = load(xy + i), y = load(xy + kPitch + i), moments[kMoments] = {x, y, x * x + y * y, x * y};
    for (int j = 0; j < kMoments; ++j) store(row + j * kPitch + i, fma(w, moments[j], load(row + j * kPitch + i)));
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

WindowSums ssimOfRow(const double* row, const double* taps, double constant, int n, bool clamp) {
  const vd c1 = splat(0.01 * 255 * 0.01 * 255), c2 = splat(constant);
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
#include "kernels/ssim_windows.h"

namespace ir {
namespace {

constexpr int kBandRows = 64;
constexpr int kRadius = kSsimWindow / 2;

struct Sums {
  double squared = 0, ssim = 0, contrast = 0;

  void add(const Sums& other) {
    squared += other.squared;
    ssim += other.ssim;
    contrast += other.contrast;
  }
};

/// What planes and scales have in common.
struct Windows {
  Windows(const CompareArgs& a, const SsimWindows& w, Variant v) : variant(v), border(a.border), clamp(a.clampContrast), pad(w.pad), c2(w.c2) {
    std::copy_n(w.taps.begin() + kRadius, kRadius + 1, taps);
  }

  Variant variant;
  Window border;
  bool clamp;
  int pad;
  double c2, taps[kRadius + 1];
};

/// A plane of both pictures, with its weight in the moments.
struct Slice {
  PlaneSource reference, image;
  double weight;
};

/// Planes to compare, cut by `crop`: the slice `own`, or with several slices the volume around it. Work is split into bands of kBandRows rows,
/// whatever the number of threads. Window (u, v) covers pixels u - pad .. u - pad + 10 across and v - pad .. v - pad + 10 down.
class PlanePair {
 public:
  PlanePair(const Windows& windows, std::vector<Slice> slices, size_t own, int crop, int width, int height)
      : windows_(windows), slices_(std::move(slices)), own_(own), crop_(crop), width_(width), height_(height),
        windowColumns_(width + 2 * windows.pad - kSsimWindow + 1), windowRows_(height + 2 * windows.pad - kSsimWindow + 1) {}

  size_t bands() const { return size_t(height_ - 1) / kBandRows + 1; }
  double windows() const { return double(windowColumns_) * double(windowRows_); }
  double pixels() const { return double(width_) * double(height_); }

  Sums band(size_t index, bool ssim) const {
    const int begin = int(index) * kBandRows, end = std::min(height_, begin + kBandRows);
    Sums sums;
    if (ssim) sums = similarity(begin, end);
    sums.squared = squared(begin, end);
    return sums;
  }

  /// The plane reduced by means of 2x2 samples (contract: `scales`), rows of bands run side by side.
  void halve(const Exec& exec, double* reference, double* image) const {
    const int width = (width_ + 1) / 2, height = (height_ + 1) / 2;
    parallelFor(exec, size_t(height - 1) / kBandRows + 1, [&](size_t i) {
      const int begin = int(i) * kBandRows, end = std::min(height, begin + kBandRows);
      std::vector<double> rows(4 * size_t(2 * width));  // two rows of either picture, a zero first where the width is odd
      for (int y = begin; y < end; ++y) {
        for (const int k : {0, 1}) pixelRow(2 * y - height_ % 2 + k, rows.data() + size_t(k * 2 * width), rows.data() + size_t((2 + k) * 2 * width));
        means(rows.data(), width, reference + size_t(y) * size_t(width));
        means(rows.data() + 4 * size_t(width), width, image + size_t(y) * size_t(width));
      }
    });
  }

 private:
  /// Squared error of the rows [begin, end).
  double squared(int begin, int end) const {
    constexpr int chunk = 1024;
    double x[chunk], y[chunk], sum = 0;
    for (int row = begin; row < end; ++row)
      for (int column = 0; column < width_; column += chunk) {
        const int n = std::min(chunk, width_ - column);
        read(slices_[own_], row, column, n, x, y);
        sum += squaredErrorFor(windows_.variant)(x, y, n);
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

  void strip(int column, int begin, int end, double* scratch, Sums& sums) const {
    const int windows = std::min(kStripWindows, windowColumns_ - column);
    const auto slot = [&](int row) { return scratch + size_t((row - begin) % kStripRows) * kRowDoubles; };
    double* const filtered = scratch + size_t(kStripRows) * kRowDoubles;
    int filled = begin;
    for (int window = begin; window < end; window += kStep) {
      const int steps = std::min(kStep, end - window);
      for (; filled < window + steps + kSsimWindow - 1; ++filled)
        moments(filled - windows_.pad, column - windows_.pad, windows + kSsimWindow - 1, slot(filled));
      const double* rows[kStripRows];
      for (int k = 0; k < kStripRows; ++k) rows[k] = slot(window + k);  // beyond `steps` these are of no consequence
      windowsAlongYFor(windows_.variant)(rows, windows_.taps, filtered);
      for (int r = 0; r < steps; ++r) {
        const WindowSums s = ssimOfRowFor(windows_.variant)(filtered + size_t(r) * kRowDoubles, windows_.taps, windows_.c2, windows, windows_.clamp);
        sums.ssim += s.ssim;
        sums.contrast += s.contrast;
      }
    }
  }

  /// The four moments of columns [column, column + n) of a row.
  void moments(int row, int column, int n, double* dst) const {
    if (slices_.size() == 1) {
      fill(slices_[0], row, column, n, dst);
      productsOfRowFor(windows_.variant)(dst);
      return;
    }
    std::fill_n(dst, kRowDoubles, 0.0);
    double xy[2 * kPitch] = {};
    for (const Slice& slice : slices_) {
      fill(slice, row, column, n, xy);
      addProductsFor(windows_.variant)(xy, slice.weight, dst);
    }
  }

  /// Samples x and y of columns [column, column + n) of a row; outside the picture zeros or the edge's samples.
  void fill(const Slice& slice, int row, int column, int n, double* dst) const {
    const bool replicate = windows_.border == Window::Replicate;
    if (replicate) row = std::min(height_ - 1, std::max(0, row));
    const int left = std::max(0, -column), right = std::min(n, width_ - column);
    const bool inside = row >= 0 && row < height_ && right > left;
    if (left > 0 || right < n || !inside) std::fill_n(dst, 2 * kPitch, 0.0);
    if (!inside) return;
    read(slice, row, column + left, right - left, dst + left, dst + kPitch + left);
    if (replicate)
      for (double* samples : {dst, dst + kPitch}) {
        std::fill(samples, samples + left, samples[left]);
        std::fill(samples + right, samples + n, samples[right - 1]);
      }
  }

  void read(const Slice& slice, int row, int column, int n, double* x, double* y) const {
    planeSamplesFor(windows_.variant)(slice.reference, crop_ + column, crop_ + row, n, x);
    planeSamplesFor(windows_.variant)(slice.image, crop_ + column, crop_ + row, n, y);
  }

  /// A whole row of either picture, behind a zero where the width is odd; row -1 is zeros.
  void pixelRow(int row, double* x, double* y) const {
    const int odd = width_ % 2;
    x[0] = y[0] = 0;
    if (row < 0) {
      std::fill_n(x, width_ + odd, 0.0);
      std::fill_n(y, width_ + odd, 0.0);
    } else {
      read(slices_[own_], row, 0, width_, x + odd, y + odd);
    }
  }

  /// Means of 2x2 samples of two rows, the second 2 n samples behind the first.
  static void means(const double* rows, int n, double* dst) {
    for (int i = 0; i < n; ++i) dst[i] = ((rows[2 * i] + rows[2 * i + 1]) + (rows[2 * n + 2 * i] + rows[2 * n + 2 * i + 1])) * 0.25;
  }

  const Windows& windows_;
  std::vector<Slice> slices_;
  size_t own_;
  int crop_, width_, height_, windowColumns_, windowRows_;
};

std::vector<Slice> slicesOf(const CompareArgs& a, const SsimWindows& windows, int plane) {
  const auto slice = [&](int channel, double weight) {
    return Slice{planeSource(a.reference, a.colour, channel, a.referenceLevels), planeSource(a.image, a.colour, channel, a.imageLevels), weight};
  };
  if (!a.volume) return {slice(plane, 1)};
  std::vector<Slice> slices;
  for (int c = 0; c < a.planes(); ++c) slices.push_back(slice(c, volumeWeight(windows, plane, c, a.planes())));
  return slices;
}

/// All planes of one scale: results in the contract's order.
void compareScale(const std::vector<PlanePair>& pairs, bool ssim, const Exec& exec, double* results) {
  const size_t planes = pairs.size(), bands = pairs[0].bands();
  std::vector<Sums> sums(planes * bands);
  parallelFor(exec, sums.size(), [&](size_t i) { sums[i] = pairs[i / bands].band(i % bands, ssim); });
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (size_t p = 0; p < planes; ++p) {
    Sums total;
    for (size_t i = 0; i < bands; ++i) total.add(sums[p * bands + i]);
    results[p] = total.squared / pairs[p].pixels();
    results[planes + p] = ssim ? total.ssim / pairs[p].windows() : nan;
    results[2 * planes + p] = ssim ? total.contrast / pairs[p].windows() : nan;
  }
}

}  // namespace

void check(const CompareArgs& a) {
  checkRaster("reference", a.reference);
  checkSame("image", a.image, "reference", a.reference);
  require(a.crop >= 0 && a.crop <= (std::min(a.reference.width, a.reference.height) - 1) / 2, Code::Shape,
          "expected crop to leave at least one pixel of " + describe(a.reference) + ", got " + std::to_string(a.crop));
  require(a.colour == Colour::Rgb || a.reference.channels == 1 || a.reference.channels == 3, Code::Shape,
          "expected 1 or 3 channels for a luma, got " + std::to_string(a.reference.channels));
  require(a.scales >= 1 && a.scales <= kMaxScales, Code::Argument, "expected scales to be in 1..5, got " + std::to_string(a.scales));
  require(!a.volume || (a.colour == Colour::Rgb && a.window == Weights::Gauss11 && a.border == Window::Replicate && a.scales == 1), Code::Argument,
          "expected colour rgb, window gauss11, border replicate and one scale with volume");
  for (const int levels : {a.referenceLevels, a.imageLevels})
    require(levels == 0 || ((levels == 255 || levels == 65535) && a.reference.pixel == Pixel::F32), Code::Argument,
            "expected levels to be 0, or 255 or 65535 of float samples, got " + std::to_string(levels));
  const int least = a.border != Window::Valid ? 1 : a.window == Weights::Gauss11 ? kSsimWindow : 7;
  require(!a.ssim || a.shortSide(a.scales - 1) >= least, Code::Shape,
          "expected at least " + std::to_string(least) + " pixels on each side for SSIM's window at every scale, got " + describe(a.reference) +
              " with crop " + std::to_string(a.crop) + ", scales " + std::to_string(a.scales));
  require(a.results.size == size_t(3 * a.planes() * a.scales), Code::Shape,
          "expected results to have length " + std::to_string(3 * a.planes() * a.scales) + ", got " + std::to_string(a.results.size));
}

void run(const CompareArgs& a, const Exec& exec) {
  const SsimWindows weights = ssimWindows(a);
  const Windows windows(a, weights, exec.variant);
  int width = a.reference.width - 2 * a.crop, height = a.reference.height - 2 * a.crop;
  std::vector<PlanePair> pairs;
  for (int p = 0; p < a.planes(); ++p) pairs.emplace_back(windows, slicesOf(a, weights, p), a.volume ? size_t(p) : 0, a.crop, width, height);
  std::vector<std::vector<double> > planes;  // of the scale at hand
  for (int scale = 0;; ++scale) {
    compareScale(pairs, a.ssim, exec, a.results.data + size_t(scale) * 3 * pairs.size());
    if (scale + 1 == a.scales) return;
    width = (width + 1) / 2;
    height = (height + 1) / 2;
    std::vector<std::vector<double> > halves(2 * pairs.size(), std::vector<double>(size_t(width) * size_t(height)));
    std::vector<PlanePair> next;
    for (size_t p = 0; p < pairs.size(); ++p) {
      pairs[p].halve(exec, halves[2 * p].data(), halves[2 * p + 1].data());
      const Slice slice{planeOfDoubles(halves[2 * p].data(), width, height), planeOfDoubles(halves[2 * p + 1].data(), width, height), 1};
      next.emplace_back(windows, std::vector<Slice>{slice}, 0, 0, width, height);
    }
    planes = std::move(halves);
    pairs = std::move(next);
  }
}

}  // namespace ir
#endif
