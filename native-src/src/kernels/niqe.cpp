#include "ir/niqe.h"

#include "ir/variants.h"
#include "kernels/aggd.h"
#include "kernels/niqe_window.h"

namespace ir {
constexpr int kNiqePad = 8;  // doubles of slack behind each row, so that vectors may read past its end
}  // namespace ir

/// Normalised coefficients of one row; rows[0..6] start 3 samples left of it. weights[7 i + j] is the 2-D tap of row i, column j.
IR_VARIANTS(void, normaliseRow, (const double* const* rows, const double* weights, double* out, int n))
/// dst = sum_k w[k] (rows[k] - rows[0]) + rows[0]: exact on flat areas. In place of rows, samples `step` apart along x.
IR_VARIANTS(void, mixFlatRows, (const double* src, size_t pitch, const double* w, int count, double* dst, int n))
/// Sums of the block and of its four products; `block` has side + 2 columns and side + 1 rows, wrapped (row and column -1 first, column `side` last).
IR_VARIANTS(void, blockSums, (const double* block, int side, AggdSums* sums))

#ifdef IR_VARIANT_PASS
#include "ir/simd.h"

namespace ir::IR_NS {

static inline vd absolute(vd v) { return (vd)((vl)v & 0x7fffffffffffffffll); }

static inline vd squareRoot(vd x) {
#if defined(__AVX512F__)
  return (vd)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
  return (vd)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
  return (vd)_mm_sqrt_pd((__m128d)x);
#else
  vd r;
  for (int i = 0; i < kD; ++i) r[i] = __builtin_sqrt(x[i]);
  return r;
#endif
}

/// Sums in raster order without contraction: windows whose differences balance leave the same rounding residue, and the same sign, everywhere.
void normaliseRow(const double* const* rows, const double* weights, double* out, int n) {
  constexpr int kSide = 2 * kNiqeRadius + 1;
  for (int x = 0; x < n; x += kD) {
    const vd centre = load(rows[kNiqeRadius] + x + kNiqeRadius);
    vd first{}, second{};
    for (int i = 0; i < kSide; ++i)
      for (int j = 0; j < kSide; ++j) {
        const vd d = load(rows[i] + x + j) - centre, w = splat(weights[kSide * i + j]) * d;
        first += w;
        second += w * d;
      }
    const vd spread = squareRoot(absolute(second - first * first));
    const vd value = -first / (spread + 1.0);
    std::memcpy(out + x, &value, size_t(n - x < kD ? n - x : kD) * sizeof(double));
  }
}

void mixFlatRows(const double* src, size_t pitch, const double* w, int count, double* dst, int n) {
  for (int x = 0; x < n; x += kD) {
    const vd reference = load(src + x);
    vd sum{};
    for (int k = 1; k < count; ++k) sum += splat(w[k]) * (load(src + size_t(k) * pitch + x) - reference);
    const vd value = sum + reference;
    std::memcpy(dst + x, &value, size_t(n - x < kD ? n - x : kD) * sizeof(double));
  }
}

namespace {  // no symbols that the linker could merge

struct LaneSums {
  vd leftSquares{}, rightSquares{}, magnitude{};
  vl left{}, right{};

  void add(vd v) {
    const vl negative = (vl)(v < splat(0.0)), positive = (vl)(v > splat(0.0));
    const vd square = v * v;
    leftSquares += (vd)((vl)square & negative);
    rightSquares += (vd)((vl)square & positive);
    magnitude += absolute(v);
    left -= negative;
    right -= positive;
  }

  void into(AggdSums* s, int count) const {
    *s = {};
    for (int i = 0; i < kD; ++i) {
      s->leftSquares += leftSquares[i];
      s->rightSquares += rightSquares[i];
      s->absolute += magnitude[i];
      s->left += double(left[i]);
      s->right += double(right[i]);
    }
    s->count = count;
  }
};

}  // namespace

void blockSums(const double* block, int side, AggdSums* sums) {  // side is 96 or 48: whole vectors
  const int pitch = side + 2;
  LaneSums lanes[5];
  for (int y = 0; y < side; ++y) {
    const double* row = block + (y + 1) * pitch + 1;
    for (int x = 0; x < side; x += kD) {
      const vd v = load(row + x);
      lanes[0].add(v);
      lanes[1].add(v * load(row + x - 1));
      lanes[2].add(v * load(row + x - pitch));
      lanes[3].add(v * load(row + x - pitch - 1));
      lanes[4].add(v * load(row + x - pitch + 1));
    }
  }
  for (int k = 0; k < 5; ++k) lanes[k].into(&sums[k], side * side);
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/luma.h"
#include "kernels/raster_checks.h"
#include "kernels/taps.h"

namespace ir {

/// The order of the sum (eight running sums, then pairs, as numpy takes it) is kept, because the last bit of the weights decides the sign that a
/// balanced window leaves behind.
std::vector<double> niqeWindow() {
  std::vector<double> taps, weights;
  for (int i = -kNiqeRadius; i <= kNiqeRadius; ++i) taps.push_back(std::exp(-(i * i) / (2 * ((7.0 / 6) * (7.0 / 6)))));
  for (const double row : taps)
    for (const double column : taps) weights.push_back(row * column);
  double r[8] = {};
  for (size_t i = 0; i < 48; ++i) r[i % 8] += weights[i];
  const double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7])) + weights[48];
  for (double& w : weights) w /= sum;
  return weights;
}

namespace {

/// Rows [first, first + count) of a plane, each with a replicated border of 3 and slack for vectors.
class Rows {
 public:
  Rows(int first, int count, int width)
      : first_(first), pitch_(size_t(width + 2 * kNiqeRadius + kNiqePad)), width_(width), data_(size_t(std::max(count, 0)) * pitch_, 0.0) {}

  double* at(int y) { return data_.data() + size_t(y - first_) * pitch_ + kNiqeRadius; }
  const double* at(int y) const { return data_.data() + size_t(y - first_) * pitch_ + kNiqeRadius; }
  size_t pitch() const { return pitch_; }

  void extend(int y) {
    double* row = at(y);
    for (int k = 1; k <= kNiqeRadius; ++k) {
      row[-k] = row[0];
      row[width_ - 1 + k] = row[width_ - 1];
    }
  }

 private:
  int first_;
  size_t pitch_;
  int width_;
  std::vector<double> data_;
};

/// All of one row of blocks, from the picture to features; needs only its own rows and a few around.
class BlockRow {
 public:
  BlockRow(const NiqeArgs& args, const Exec& exec, const std::vector<double>& weights, const AxisMap& halfX, const AxisMap& halfY)
      : args_(args), source_(planeSource(args.image, args.colour, 0, args.levels)), exec_(exec), weights_(weights), halfX_(halfX), halfY_(halfY) {}

  void operator()(int index) const {
    const int width = args_.columns() * kNiqeBlock, height = args_.rows() * kNiqeBlock;
    const int halfSide = kNiqeBlock / 2, halfTop = std::max(0, index * halfSide - kNiqeRadius),
              halfBottom = std::min(height / 2, (index + 1) * halfSide + kNiqeRadius);
    const int top = std::min(std::max(0, index * kNiqeBlock - kNiqeRadius), halfY_.first[size_t(halfTop)]);
    int bottom = std::min(height, (index + 1) * kNiqeBlock + kNiqeRadius);
    for (int y = halfTop; y < halfBottom; ++y) bottom = std::max(bottom, halfY_.first[size_t(y)] + halfY_.count[size_t(y)]);

    Rows full(top, bottom - top, width);
    for (int y = top; y < bottom; ++y) {
      planeSamplesFor(exec_.variant)(source_, args_.crop, args_.crop + y, width, full.at(y));
      full.extend(y);
    }
    scale(full, index, kNiqeBlock, height, 0);

    Rows half(halfTop, halfBottom - halfTop, width / 2);
    std::vector<double> line(size_t(width + kNiqePad));
    for (int y = halfTop; y < halfBottom; ++y) {
      mixFlatRowsFor(exec_.variant)(full.at(halfY_.first[size_t(y)]), full.pitch(), weightsOf(halfY_, y), halfY_.count[size_t(y)], line.data(),
                                    width);
      alongX(line.data(), half.at(y));
      half.extend(y);
    }
    scale(half, index, halfSide, height / 2, kNiqeFeatures / 2);
  }

 private:
  static const double* weightsOf(const AxisMap& map, int i) { return map.weights.data() + size_t(i) * size_t(map.stride); }

  void alongX(const double* line, double* dst) const {
    for (int i = 0; i < halfX_.out; ++i) {
      const double *x = line + halfX_.first[size_t(i)], *w = weightsOf(halfX_, i);
      double sum = 0;
      for (int k = 1; k < halfX_.count[size_t(i)]; ++k) sum += w[k] * (x[k] - x[0]);
      dst[i] = sum + x[0];
    }
  }

  /// Coefficients of the rows of one row of blocks, then each block's features into columns `at`.. of its result row.
  void scale(const Rows& plane, int index, int side, int height, int at) const {
    const int columns = args_.columns(), width = columns * side;
    std::vector<double> map(size_t(side) * size_t(width));
    for (int y = 0; y < side; ++y) {
      const double* rows[2 * kNiqeRadius + 1];
      for (int k = -kNiqeRadius; k <= kNiqeRadius; ++k)
        rows[k + kNiqeRadius] = plane.at(std::min(height - 1, std::max(0, index * side + y + k))) - kNiqeRadius;
      normaliseRowFor(exec_.variant)(rows, weights_.data(), map.data() + size_t(y) * size_t(width), width);
    }
    std::vector<double> block(size_t(side + 1) * size_t(side + 2) + kNiqePad);
    for (int column = 0; column < columns; ++column) {
      for (int y = -1; y < side; ++y) {
        const double* row = map.data() + size_t((y + side) % side) * size_t(width) + size_t(column) * size_t(side);
        double* wrapped = block.data() + size_t(y + 1) * size_t(side + 2);
        wrapped[0] = row[side - 1];
        std::copy_n(row, side, wrapped + 1);
        wrapped[side + 1] = row[0];
      }
      AggdSums sums[5];
      blockSumsFor(exec_.variant)(block.data(), side, sums);
      aggdFeatures(sums, args_.features.data + (size_t(index) * size_t(columns) + size_t(column)) * kNiqeFeatures + at);
    }
  }

  const NiqeArgs& args_;
  const PlaneSource source_;
  const Exec& exec_;
  const std::vector<double>& weights_;
  const AxisMap &halfX_, &halfY_;
};

}  // namespace

void check(const NiqeArgs& a) {
  checkRaster("image", a.image);
  require(a.colour != Colour::Rgb, Code::Argument, "expected a luma for colour, got rgb");
  require(a.image.channels == 1 || a.image.channels == 3, Code::Shape, "expected 1 or 3 channels, got " + std::to_string(a.image.channels));
  require(a.crop >= 0 && a.crop <= (std::min(a.image.width, a.image.height) - 1) / 2 && a.columns() >= 1 && a.rows() >= 1, Code::Shape,
          "expected at least one block of 96x96 in image, got " + describe(a.image) + " with crop " + std::to_string(a.crop));
  require(a.levels == 0 || ((a.levels == 255 || a.levels == 65535) && a.image.pixel == Pixel::F32), Code::Argument,
          "expected levels to be 0, or 255 or 65535 of float samples, got " + std::to_string(a.levels));
  const size_t size = size_t(a.columns()) * size_t(a.rows()) * kNiqeFeatures;
  require(a.features.size == size, Code::Shape,
          "expected features to have length " + std::to_string(size) + ", got " + std::to_string(a.features.size));
}

void run(const NiqeArgs& a, const Exec& exec) {
  const std::vector<double> weights = niqeWindow();
  const int width = a.columns() * kNiqeBlock, height = a.rows() * kNiqeBlock;
  const AxisMap halfX = resampleAxis(width, width / 2, 0.5, Filter::Cubic, true, Border::Symmetric);
  const AxisMap halfY = resampleAxis(height, height / 2, 0.5, Filter::Cubic, true, Border::Symmetric);
  const BlockRow blockRow(a, exec, weights, halfX, halfY);
  parallelFor(exec, size_t(a.rows()), [&](size_t i) { blockRow(int(i)); });
}

}  // namespace ir
#endif
