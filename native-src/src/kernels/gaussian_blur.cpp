#include "ir/gaussian_blur.h"

#include "ir/variants.h"

/// One row: `line` holds the row with its border, tap k of sample i stands at line[i + k * stride].
IR_VARIANTS(void, blurLine, (const float* line, float* out, size_t count, const float* taps, int size, int stride))
/// One output row from `size` source rows.
IR_VARIANTS(void, blurColumn, (const float* const* rows, float* out, size_t count, const float* taps, int size))
IR_VARIANTS(void, blurColumnBytes, (const float* const* rows, uint8_t* out, size_t count, const float* taps, int size))
IR_VARIANTS(void, widenBytes, (const uint8_t* src, float* dst, size_t count))

#ifdef IR_VARIANT_PASS
#include "kernels/bytes.h"

namespace ir::IR_NS {

constexpr int kBlock = 6;  // vectors kept in registers, so that each tap is broadcast once for all of them

template <class Load>
static inline void accumulate(Load loadAt, vf* sum, int vectors, const float* taps, int size) {
  for (int v = 0; v < vectors; ++v) sum[v] = splat(0.0f);
  for (int k = 0; k < size; ++k) {
    const vf t = splat(taps[k]);
    for (int v = 0; v < vectors; ++v) sum[v] = fma(t, loadAt(k, v), sum[v]);
  }
}

void blurLine(const float* line, float* out, size_t count, const float* taps, int size, int stride) {
  size_t i = 0;
  for (; i + kBlock * kF <= count; i += kBlock * kF) {
    vf sum[kBlock];
    accumulate([&](int k, int v) { return load(line + i + size_t(k) * size_t(stride) + size_t(v) * kF); }, sum, kBlock, taps, size);
    for (int v = 0; v < kBlock; ++v) store(out + i + size_t(v) * kF, sum[v]);
  }
  for (; i < count; i += kF) {  // the line is padded by a vector: reading past the last sample is safe, writing is not
    vf sum[1];
    accumulate([&](int k, int) { return load(line + i + size_t(k) * size_t(stride)); }, sum, 1, taps, size);
    std::memcpy(out + i, sum, (count - i < size_t(kF) ? count - i : size_t(kF)) * sizeof(float));
  }
}

template <class Emit>
static inline void column(const float* const* rows, size_t count, const float* taps, int size, Emit emit) {
  size_t i = 0;
  for (; i + kBlock * kF <= count; i += kBlock * kF) {
    vf sum[kBlock];
    accumulate([&](int k, int v) { return load(rows[k] + i + size_t(v) * kF); }, sum, kBlock, taps, size);
    for (int v = 0; v < kBlock; ++v) emit(i + size_t(v) * kF, sum[v], size_t(kF));
  }
  for (; i < count; i += kF) {
    const size_t width = count - i < size_t(kF) ? count - i : size_t(kF);
    vf sum[1];
    accumulate(
        [&](int k, int) {
          vf x{};
          std::memcpy(&x, rows[k] + i, width * sizeof(float));
          return x;
        },
        sum, 1, taps, size);
    emit(i, sum[0], width);
  }
}

void blurColumn(const float* const* rows, float* out, size_t count, const float* taps, int size) {
  column(rows, count, taps, size, [&](size_t i, vf v, size_t width) { std::memcpy(out + i, &v, width * sizeof(float)); });
}

void blurColumnBytes(const float* const* rows, uint8_t* out, size_t count, const float* taps, int size) {
  column(rows, count, taps, size, [&](size_t i, vf v, size_t width) { storeRounded(out + i, v, width); });
}

void widenBytes(const uint8_t* src, float* dst, size_t count) {
  size_t i = 0;
  for (; i + kF <= count; i += kF) store(dst + i, widened(src + i));
  for (; i < count; ++i) dst[i] = float(src[i]);
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ir/border.h"
#include "kernels/raster_checks.h"
#include "kernels/taps.h"

namespace ir {
namespace {

constexpr int kRowsPerBand = 16;
constexpr size_t kPadding = 16;  // one vector of the widest set
constexpr int kSlabRows = 512;   // rows blurred vertically per slab, which bounds the scratch

/// A picture as lines of samples: a float plane, or all channels of a byte picture interleaved.
struct Lines {
  const void* src;
  void* dst;
  bool bytes;
  int width, height, channels;  // channels interleaved in a line
  size_t length() const { return size_t(width) * size_t(channels); }
};

class Blur {
 public:
  Blur(const GaussianBlurArgs& args, const Exec& exec)
      : exec_(exec), border_(args.border), size_(gaussianSize(args.sigma, args.size)), radius_(size_ / 2) {
    for (const double t : gaussianTaps(args.sigma, size_)) taps_.push_back(float(t));
  }

  void operator()(const Lines& lines) const {
    const int slab = lines.src == lines.dst ? lines.height : std::max(kSlabRows, 4 * radius_);
    const size_t rows = size_t(std::min<long long>(lines.height, (long long)slab + 2LL * radius_));
    std::vector<float> scratch(rows * lines.length(), 0.0f);
    for (int top = 0; top < lines.height; top += slab) slabOf(lines, top, std::min(lines.height, top + slab), scratch);
  }

 private:
  /// Blurs the rows that output rows [top, bottom) need along x into scratch, then along y into the destination.
  void slabOf(const Lines& lines, int top, int bottom, std::vector<float>& scratch) const {
    const int first = firstNeeded(lines.height, top, bottom), last = lastNeeded(lines.height, top, bottom);
    const size_t length = lines.length();
    const size_t inBands = size_t(last - first + kRowsPerBand - 1) / kRowsPerBand;
    parallelFor(exec_, inBands, [&](size_t band) {
      std::vector<float> line(length + size_t(size_) * size_t(lines.channels) + kPadding, 0.0f);
      const int begin = first + int(band) * kRowsPerBand, end = std::min(last, begin + kRowsPerBand);
      for (int y = begin; y < end; ++y) {
        extend(lines, y, line.data());
        blurLineFor(exec_.variant)(line.data(), scratch.data() + size_t(y - first) * length, length, taps_.data(), size_, lines.channels);
      }
    });
    parallelFor(exec_, size_t(bottom - top + kRowsPerBand - 1) / kRowsPerBand, [&](size_t band) {
      std::vector<const float*> rows(static_cast<size_t>(size_));
      const int begin = top + int(band) * kRowsPerBand, end = std::min(bottom, begin + kRowsPerBand);
      for (int y = begin; y < end; ++y) {
        for (int k = 0; k < size_; ++k)
          rows[size_t(k)] = scratch.data() + size_t(fold((long long)y + k - radius_, lines.height, border_) - first) * length;
        if (lines.bytes)
          blurColumnBytesFor(exec_.variant)(rows.data(), static_cast<uint8_t*>(lines.dst) + size_t(y) * length, length, taps_.data(), size_);
        else
          blurColumnFor(exec_.variant)(rows.data(), static_cast<float*>(lines.dst) + size_t(y) * length, length, taps_.data(), size_);
      }
    });
  }

  /// A slab in the middle needs its neighbours only; one that reaches over an edge may fold back anywhere within `radius`.
  int firstNeeded(int height, int top, int bottom) const {
    const long long over = (long long)bottom + radius_ - height;  // rows below the picture, folded back up
    return int(std::max<long long>(0, over > 0 ? std::min<long long>(top - radius_, height - over - 2) : top - radius_));
  }
  int lastNeeded(int height, int top, int bottom) const {
    const long long over = radius_ - top;  // rows above the picture, folded back down
    return int(std::min<long long>(height, std::max<long long>((long long)bottom + radius_, over + 2)));
  }

  void extend(const Lines& lines, int y, float* line) const {
    const size_t length = lines.length();
    const int c = lines.channels;
    float* middle = line + size_t(radius_) * size_t(c);
    if (lines.bytes)
      widenBytesFor(exec_.variant)(static_cast<const uint8_t*>(lines.src) + size_t(y) * length, middle, length);
    else
      std::copy_n(static_cast<const float*>(lines.src) + size_t(y) * length, length, middle);
    for (int k = 1; k <= radius_; ++k) {
      const int left = fold(-(long long)k, lines.width, border_), right = fold((long long)lines.width - 1 + k, lines.width, border_);
      for (int i = 0; i < c; ++i) {
        middle[-(ptrdiff_t)k * c + i] = middle[(ptrdiff_t)left * c + i];
        middle[((ptrdiff_t)lines.width - 1 + k) * c + i] = middle[(ptrdiff_t)right * c + i];
      }
    }
  }

  const Exec& exec_;
  Border border_;
  int size_, radius_;
  std::vector<float> taps_;
};

}  // namespace

int gaussianSize(double sigma, int size) { return size > 0 ? size : 2 * int(std::ceil(3 * sigma)) + 1; }

void check(const GaussianBlurArgs& a) {
  checkRaster("src", a.src);
  checkSame("dst", a.dst, "src", a.src);
  require(a.sigma >= 0.1 && a.sigma <= 50, Code::Argument, "expected sigma in 0.1..50 pixels, got " + std::to_string(a.sigma));
  require(a.size == 0 || (a.size > 0 && a.size % 2 == 1 && a.size <= 100001), Code::Argument,
          "expected size to be 0 (by sigma) or an odd number of taps, got " + std::to_string(a.size));
}

void run(const GaussianBlurArgs& a, const Exec& exec) {
  const Blur blur(a, exec);
  if (a.src.pixel == Pixel::U8) return blur({a.src.data, a.dst.data, true, a.src.width, a.src.height, a.src.channels});
  for (int c = 0; c < a.src.channels; ++c) {
    const size_t at = size_t(c) * a.src.plane();
    blur({static_cast<const float*>(a.src.data) + at, static_cast<float*>(a.dst.data) + at, false, a.src.width, a.src.height, 1});
  }
}

}  // namespace ir
#endif
