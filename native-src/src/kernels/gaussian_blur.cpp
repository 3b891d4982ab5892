#include "ir/gaussian_blur.h"

#include "kernels/rows.h"

/// Along a row: `line` holds it with its border, tap k of sample i stands at line[i + k * stride]. `count` is a multiple of the widest vector.
IR_VARIANTS(void, blurLine, (const float* line, float* out, size_t count, const float* taps, int size, int stride))
/// Along columns: `outputs` rows, the first of rows[0 .. size - 1], each next one a row further; `pitch` samples apart in `out`. Rows may be read up
/// to whole vectors.
IR_VARIANTS(void, blurColumns, (const float* const* rows, float* out, size_t pitch, size_t count, const float* taps, int size, int outputs))
IR_VARIANTS(void, blurColumnsBytes, (const float* const* rows, uint8_t* out, size_t pitch, size_t count, const float* taps, int size, int outputs))

#ifdef IR_VARIANT_PASS
#include "kernels/bytes.h"

namespace ir::IR_NS {

constexpr int kBlock = 6;  // vectors of a row kept in registers, so that each tap is broadcast once for all of them

template <int Vectors>
static inline void alongLine(const float* line, float* out, const float* taps, int size, int stride) {
  vf sum[Vectors];
  for (int v = 0; v < Vectors; ++v) sum[v] = splat(0.0f);
  for (int k = 0; k < size; ++k) {
    const vf t = splat(taps[k]);
    for (int v = 0; v < Vectors; ++v) sum[v] = fma(t, load(line + size_t(k) * size_t(stride) + size_t(v) * kF), sum[v]);
  }
  for (int v = 0; v < Vectors; ++v) store(out + size_t(v) * kF, sum[v]);
}

void blurLine(const float* line, float* out, size_t count, const float* taps, int size, int stride) {
  size_t i = 0;
  for (; i + kBlock * kF <= count; i += kBlock * kF) alongLine<kBlock>(line + i, out + i, taps, size, stride);
  for (; i < count; i += kF) alongLine<1>(line + i, out + i, taps, size, stride);
}

constexpr int kTogether = 4;                    // rows made together: what is loaded serves all of them
constexpr int kColumns = kBytes == 64 ? 3 : 2;  // vectors of each: sums, samples and taps fill the registers

namespace {  // no symbols that the linker could merge

/// Sums of `Rows` outputs in `Vectors` vectors, over samples in the order of taps for each of them.
template <int Rows, int Vectors>
struct ColumnSums {
  vf sum[Rows][Vectors];

  /// Adds row k to outputs [from, to); it is tap k - b of output b.
  inline void add(const float* row, const float* taps, int k, int from, int to) {
    vf x[Vectors];
    for (int v = 0; v < Vectors; ++v) x[v] = load(row + size_t(v) * kF);
#pragma GCC unroll 4
    for (int b = from; b < to; ++b) {
      const vf t = splat(taps[k - b]);
      for (int v = 0; v < Vectors; ++v) sum[b][v] = fma(t, x[v], sum[b][v]);
    }
  }

  inline void over(const float* const* rows, size_t at, const float* taps, int size) {
    for (int b = 0; b < Rows; ++b)
      for (int v = 0; v < Vectors; ++v) sum[b][v] = splat(0.0f);
#pragma GCC unroll 4
    for (int k = 0; k < Rows - 1; ++k) add(rows[k] + at, taps, k, 0, k + 1);
    for (int k = Rows - 1; k < size; ++k) add(rows[k] + at, taps, k, 0, Rows);
#pragma GCC unroll 4
    for (int k = 1; k < Rows; ++k) add(rows[size - 1 + k] + at, taps, size - 1 + k, k, Rows);
  }
};

}  // namespace

/// `emit(b, i, v, width)` takes the first `width` samples of v for output b from sample i on. Several rows together have no more of them than taps.
template <int Rows, class Emit>
static inline void columns(const float* const* rows, size_t count, const float* taps, int size, Emit emit) {
  size_t i = 0;
  for (; i + kColumns * kF <= count; i += kColumns * kF) {
    ColumnSums<Rows, kColumns> sums;
    sums.over(rows, i, taps, size);
    for (int b = 0; b < Rows; ++b)
      for (int v = 0; v < kColumns; ++v) emit(b, i + size_t(v) * kF, sums.sum[b][v], size_t(kF));
  }
  for (; i < count; i += kF) {
    ColumnSums<Rows, 1> sums;
    sums.over(rows, i, taps, size);
    for (int b = 0; b < Rows; ++b) emit(b, i, sums.sum[b][0], count - i < size_t(kF) ? count - i : size_t(kF));
  }
}

template <class Emit>
static inline void columnsOf(const float* const* rows, size_t count, const float* taps, int size, int outputs, Emit emit) {
  int done = 0;
  if (size >= kTogether)
    for (; done + kTogether <= outputs; done += kTogether)
      columns<kTogether>(rows + done, count, taps, size, [&](int b, size_t i, vf v, size_t width) { emit(done + b, i, v, width); });
  for (; done < outputs; ++done) columns<1>(rows + done, count, taps, size, [&](int, size_t i, vf v, size_t width) { emit(done, i, v, width); });
}

void blurColumns(const float* const* rows, float* out, size_t pitch, size_t count, const float* taps, int size, int outputs) {
  columnsOf(rows, count, taps, size, outputs,
            [&](int b, size_t i, vf v, size_t width) { std::memcpy(out + size_t(b) * pitch + i, &v, width * sizeof(float)); });
}

void blurColumnsBytes(const float* const* rows, uint8_t* out, size_t pitch, size_t count, const float* taps, int size, int outputs) {
  columnsOf(rows, count, taps, size, outputs, [&](int b, size_t i, vf v, size_t width) { storeRounded(out + size_t(b) * pitch + i, v, width); });
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "ir/border.h"
#include "kernels/raster_checks.h"
#include "kernels/taps.h"

namespace ir {
namespace {

constexpr size_t kStripUnit = 96;     // strips are multiples of the rows' blocks in every variant, and of whole pixels
constexpr size_t kStripMost = 480;    // enough to make up for calls
constexpr size_t kScratch = 1 << 16;  // samples of a strip's rows, which then stay in a second-level cache of 512 KiB

/// A picture as lines of samples: a float plane, or all channels of a byte picture interleaved.
struct Lines {
  const void* src;
  void* dst;
  bool bytes;
  int width, height, channels;  // channels interleaved in a line
  size_t length() const { return size_t(width) * size_t(channels); }
};

/// Samples [x, x + width) of output rows [top, bottom).
struct Strip {
  size_t x, width;
  int top, bottom;
};

class Blur {
 public:
  Blur(const GaussianBlurArgs& args, const Exec& exec)
      : exec_(exec), border_(args.border), size_(gaussianSize(args.sigma, args.size)), radius_(size_ / 2) {
    for (const double t : gaussianTaps(args.sigma, size_)) taps_.push_back(float(t));
  }

  void operator()(Lines lines) const {
    const size_t bytes = size_t(lines.height) * lines.length() * (lines.bytes ? 1 : sizeof(float));
    std::vector<uint8_t> copy;  // in place, a strip would find its neighbours' results
    if (lines.src == lines.dst) {
      const auto* src = static_cast<const uint8_t*>(lines.src);
      copy.assign(src, src + bytes);
      lines.src = copy.data();
    }
    const size_t width = stripWidth(lines.channels), height = stripHeight(width), rows = size_t(lines.height);
    const size_t across = (lines.length() + width - 1) / width, down = (rows + height - 1) / height;
    parallelFor(exec_, across * down, [&](size_t i) {
      const size_t x = i % across * width, top = i / across * height;
      blur(lines, {x, std::min(width, lines.length() - x), int(top), int(std::min(rows, top + height))});
    });
  }

 private:
  /// Low strips blur the rows that they reach for more than once, narrow ones read the samples beside them more than once.
  size_t stripWidth(int channels) const {
    const size_t rows = std::max(kScratch / kStripMost, 14 * size_t(radius_)), reach = size_t(radius_) * size_t(channels);
    return std::max(kStripUnit, std::max(kScratch / rows, reach / 4) / kStripUnit * kStripUnit);
  }
  size_t stripHeight(size_t width) const {
    const size_t rows = kScratch / width, reach = 2 * size_t(radius_);
    return std::max(rows - std::min(rows, reach), 2 * reach + 1);
  }

  /// Along x into scratch, as many rows as the strip needs, then along y into the destination.
  void blur(const Lines& lines, const Strip& strip) const {
    const int first = firstNeeded(lines.height, strip.top, strip.bottom), last = lastNeeded(lines.height, strip.top, strip.bottom);
    const size_t pitch = wholeLanes(strip.width), reach = size_t(radius_) * size_t(lines.channels);
    const std::unique_ptr<float[]> scratch(new float[size_t(last - first) * pitch]);
    std::vector<float> line(pitch + 2 * reach, 0.0f);
    const auto* src = static_cast<const uint8_t*>(lines.src);
    const size_t sample = lines.bytes ? 1 : sizeof(float);
    const bool inside = strip.x >= reach && strip.x + pitch + reach <= lines.length();
    for (int y = first; y < last; ++y) {
      const size_t begin = size_t(y) * lines.length();
      if (y + kRowsAhead < last) fetch(src + (begin + kRowsAhead * lines.length() + strip.x) * sample, strip.width * sample);
      const float* from = line.data();
      if (inside && !lines.bytes)
        from = static_cast<const float*>(lines.src) + begin + strip.x - reach;
      else
        extend(lines, begin, ptrdiff_t(strip.x) - ptrdiff_t(reach), strip.width + 2 * reach, line.data());
      blurLineFor(exec_.variant)(from, scratch.get() + size_t(y - first) * pitch, pitch, taps_.data(), size_, lines.channels);
    }
    std::vector<const float*> rows;
    for (long long y = (long long)strip.top - radius_; y < (long long)strip.bottom + radius_; ++y)
      rows.push_back(scratch.get() + size_t(fold(y, lines.height, border_) - first) * pitch);
    const size_t to = size_t(strip.top) * lines.length() + strip.x;
    const int outputs = strip.bottom - strip.top;
    if (lines.bytes)
      blurColumnsBytesFor(exec_.variant)(rows.data(), static_cast<uint8_t*>(lines.dst) + to, lines.length(), strip.width, taps_.data(), size_,
                                         outputs);
    else
      blurColumnsFor(exec_.variant)(rows.data(), static_cast<float*>(lines.dst) + to, lines.length(), strip.width, taps_.data(), size_, outputs);
  }

  /// A strip in the middle needs its neighbours only; one that reaches over an edge may fold back anywhere within `radius`.
  int firstNeeded(int height, int top, int bottom) const {
    const long long over = (long long)bottom + radius_ - height;  // rows below the picture, folded back up
    return int(std::max<long long>(0, over > 0 ? std::min<long long>(top - radius_, height - over - 2) : top - radius_));
  }
  int lastNeeded(int height, int top, int bottom) const {
    const long long over = radius_ - top;  // rows above the picture, folded back down
    return int(std::min<long long>(height, std::max<long long>((long long)bottom + radius_, over + 2)));
  }

  /// Samples [x, x + count), whole pixels, of the line that begins at `begin`, as floats; the border where they lie outside.
  void extend(const Lines& lines, size_t begin, ptrdiff_t x, size_t count, float* line) const {
    const ptrdiff_t length = ptrdiff_t(lines.length()), end = x + ptrdiff_t(count), from = std::max<ptrdiff_t>(x, 0), to = std::min(end, length);
    if (lines.bytes)
      widenFor(exec_.variant)(static_cast<const uint8_t*>(lines.src) + begin + from, line + (from - x), size_t(to - from));
    else
      std::copy_n(static_cast<const float*>(lines.src) + begin + from, to - from, line + (from - x));
    const ptrdiff_t c = lines.channels;
    for (ptrdiff_t i = x; i < from; i += c) beyond(lines, begin, i / c, line + (i - x));
    for (ptrdiff_t i = to; i < end; i += c) beyond(lines, begin, i / c, line + (i - x));
  }

  /// A pixel outside.
  void beyond(const Lines& lines, size_t begin, ptrdiff_t column, float* pixel) const {
    const size_t at = begin + size_t(fold(column, lines.width, border_)) * size_t(lines.channels);
    for (int c = 0; c < lines.channels; ++c)
      pixel[c] = lines.bytes ? float(static_cast<const uint8_t*>(lines.src)[at + size_t(c)]) : static_cast<const float*>(lines.src)[at + size_t(c)];
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
