#include "kernels/separable.h"

#include "kernels/rows.h"

namespace ir {
/// A row made of others: dst = sum over k of weights[k] times row first + k. Plain data for the variant pass.
struct RowMix {
  const float* weights;
  int first, count;
  float* dst;
};
}  // namespace ir

/// Makes one or two rows of rows `pitch` samples apart, the first n samples of each. Rows that both take are read once.
IR_VARIANTS(void, mixRows, (const float* rows, size_t pitch, const RowMix* mixes, int outputs, size_t n))
/// Along x for kLanes lines at once: sample i of channel c of the lines stands at block[(i * channels + c - offset) * kLanes], outputs likewise
/// from output `begin` on.
IR_VARIANTS(void, mixLanes,
            (const float* block, long long offset, int channels, const int* first, const int* count, const float* weights, int stride, float* dst,
             int begin, int end))
IR_VARIANTS(void, roundBytes, (const float* src, uint8_t* dst, size_t n))
/// dst[column * dstPitch + row] = src[row * srcPitch + column]; both sides are multiples of kLanes.
IR_VARIANTS(void, transpose, (const float* src, size_t srcPitch, float* dst, size_t dstPitch, int rows, int columns))

#ifdef IR_VARIANT_PASS
#include "kernels/bytes.h"

namespace ir::IR_NS {

constexpr int kBlock = 4;  // vectors of a row kept in registers

static inline int endOf(const RowMix& m) { return m.first + m.count; }

template <int Vectors>
static inline void accumulate(const float* row, float weight, vf* sum) {
  for (int v = 0; v < Vectors; ++v) sum[v] = fma(splat(weight), load(row + v * kF), sum[v]);
}

template <int Vectors>
static inline void mixOne(const float* rows, size_t pitch, const RowMix& a, size_t i) {
  vf sum[Vectors];
  for (int v = 0; v < Vectors; ++v) sum[v] = splat(0.0f);
  for (int k = 0; k < a.count; ++k) accumulate<Vectors>(rows + size_t(a.first + k) * pitch + i, a.weights[k], sum);
  for (int v = 0; v < Vectors; ++v) store(a.dst + i + v * kF, sum[v]);
}

static inline void mixRest(const float* rows, size_t pitch, const RowMix& a, size_t i, size_t width) {
  vf sum = splat(0.0f);
  for (int k = 0; k < a.count; ++k) {
    vf x{};
    std::memcpy(&x, rows + size_t(a.first + k) * pitch + i, width * sizeof(float));
    sum = fma(splat(a.weights[k]), x, sum);
  }
  std::memcpy(a.dst + i, &sum, width * sizeof(float));
}

static void mixAlone(const float* rows, size_t pitch, const RowMix& a, size_t n) {
  size_t i = 0;
  for (; i + kBlock * kF <= n; i += kBlock * kF) mixOne<kBlock>(rows, pitch, a, i);
  for (; i + kF <= n; i += kF) mixOne<1>(rows, pitch, a, i);
  if (i < n) mixRest(rows, pitch, a, i, n - i);
}

/// `a` begins first and ends first, at b's first row or later.
template <int Vectors>
static inline void mixBoth(const float* rows, size_t pitch, const RowMix& a, const RowMix& b, size_t i) {
  vf p[Vectors], q[Vectors];
  for (int v = 0; v < Vectors; ++v) p[v] = q[v] = splat(0.0f);
  const auto row = [&](int k) { return rows + size_t(k) * pitch + i; };
  for (int k = a.first; k < b.first; ++k) accumulate<Vectors>(row(k), a.weights[k - a.first], p);
  for (int k = b.first; k < endOf(a); ++k) {
    vf x[Vectors];
    for (int v = 0; v < Vectors; ++v) x[v] = load(row(k) + v * kF);
    const vf t = splat(a.weights[k - a.first]), u = splat(b.weights[k - b.first]);
    for (int v = 0; v < Vectors; ++v) p[v] = fma(t, x[v], p[v]);
    for (int v = 0; v < Vectors; ++v) q[v] = fma(u, x[v], q[v]);
  }
  for (int k = endOf(a); k < endOf(b); ++k) accumulate<Vectors>(row(k), b.weights[k - b.first], q);
  for (int v = 0; v < Vectors; ++v) store(a.dst + i + v * kF, p[v]);
  for (int v = 0; v < Vectors; ++v) store(b.dst + i + v * kF, q[v]);
}

void mixRows(const float* rows, size_t pitch, const RowMix* mixes, int outputs, size_t n) {
  const RowMix a = mixes[0], b = mixes[outputs - 1];
  if (outputs == 1) return mixAlone(rows, pitch, a, n);
  if (a.first > b.first || endOf(a) > endOf(b) || endOf(a) < b.first) return mixAlone(rows, pitch, a, n), mixAlone(rows, pitch, b, n);
  size_t i = 0;
  for (; i + kBlock * kF <= n; i += kBlock * kF) mixBoth<kBlock>(rows, pitch, a, b, i);
  for (; i + kF <= n; i += kF) mixBoth<1>(rows, pitch, a, b, i);
  if (i < n) mixRest(rows, pitch, a, i, n - i), mixRest(rows, pitch, b, i, n - i);
}

template <int Channels>
static inline void lanesOf(const float* x, const float* w, int count, float* dst) {
  constexpr int kVectors = Channels * kLanes / kF;
  constexpr int kBatch = kVectors % 4 == 0 ? 4 : kVectors % 3 == 0 ? 3 : kVectors;  // sums kept in registers
  for (int part = 0; part < kVectors; part += kBatch) {
    vf sum[kBatch];
    for (int v = 0; v < kBatch; ++v) sum[v] = splat(0.0f);
    for (int k = 0; k < count; ++k) {
      const vf weight = splat(w[k]);
      for (int v = 0; v < kBatch; ++v) sum[v] = fma(weight, load(x + k * Channels * kLanes + (part + v) * kF), sum[v]);
    }
    for (int v = 0; v < kBatch; ++v) store(dst + (part + v) * kF, sum[v]);
  }
}

template <int Channels>
static void mixLanesOf(const float* block, long long offset, const int* first, const int* count, const float* weights, int stride, float* dst,
                       int begin, int end) {
  for (int i = begin; i < end; ++i)
    lanesOf<Channels>(block + ((long long)first[i] * Channels - offset) * kLanes, weights + size_t(i) * size_t(stride), count[i],
                      dst + size_t(i - begin) * Channels * kLanes);
}

void mixLanes(const float* block, long long offset, int channels, const int* first, const int* count, const float* weights, int stride, float* dst,
              int begin, int end) {
  switch (channels) {
    case 1: return mixLanesOf<1>(block, offset, first, count, weights, stride, dst, begin, end);
    case 2: return mixLanesOf<2>(block, offset, first, count, weights, stride, dst, begin, end);
    case 3: return mixLanesOf<3>(block, offset, first, count, weights, stride, dst, begin, end);
    default: return mixLanesOf<4>(block, offset, first, count, weights, stride, dst, begin, end);
  }
}

void roundBytes(const float* src, uint8_t* dst, size_t n) {
  size_t i = 0;
  for (; i + kF <= n; i += kF) storeRounded(dst + i, load(src + i), kF);
  if (i == n) return;
  vf rest{};
  std::memcpy(&rest, src + i, (n - i) * sizeof(float));
  storeRounded(dst + i, rest, n - i);
}

/// One step of a transposition: swaps the blocks of `Step` lanes beside the diagonal of rows a and b.
template <int Step>
static inline void swapBlocks(vf* a, vf* b) {
  typedef int32_t vk __attribute__((vector_size(kBytes)));
  vk low, high;
  for (int j = 0; j < kF; ++j) {
    low[j] = j & Step ? kF + j - Step : j;
    high[j] = j & Step ? kF + j : j + Step;
  }
#if defined(__clang__)
  vf x, y;
  for (int j = 0; j < kF; ++j) {
    x[j] = j & Step ? (*b)[j - Step] : (*a)[j];
    y[j] = j & Step ? (*b)[j] : (*a)[j + Step];
  }
#else
  const vf x = __builtin_shuffle(*a, *b, low), y = __builtin_shuffle(*a, *b, high);
#endif
  *a = x;
  *b = y;
}

template <int Step>
static inline void swapAll(vf* row) {
#pragma GCC unroll 16
  for (int i = 0; i < kF; ++i)
    if (!(i & Step)) swapBlocks<Step>(&row[i], &row[i + Step]);
}

static inline void transposeTile(const float* src, size_t srcPitch, float* dst, size_t dstPitch) {
  vf row[kF];
#pragma GCC unroll 16
  for (int i = 0; i < kF; ++i) row[i] = load(src + size_t(i) * srcPitch);
  swapAll<1>(row);
  swapAll<2>(row);
#if defined(__AVX2__)
  swapAll<4>(row);
#endif
#if defined(__AVX512F__)
  swapAll<8>(row);
#endif
#pragma GCC unroll 16
  for (int i = 0; i < kF; ++i) store(dst + size_t(i) * dstPitch, row[i]);
}

void transpose(const float* src, size_t srcPitch, float* dst, size_t dstPitch, int rows, int columns) {
  for (int c = 0; c < columns; c += kF)
    for (int r = 0; r < rows; r += kF) transposeTile(src + size_t(r) * srcPitch + c, srcPitch, dst + size_t(c) * dstPitch + r, dstPitch);
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ir {
namespace {

constexpr int kStripSamples = 384;  // outputs times channels made at a time along x: a strip's working set stays in the second-level cache

/// Outputs [begin, end) along x and the inputs [low, high) that they are made of.
struct Strip {
  int begin, end, low, high;
};

std::vector<Strip> stripsOf(const AxisMap& map, int channels) {
  std::vector<Strip> strips;
  const int outputs = std::max(1, kStripSamples / channels);
  for (int begin = 0; begin < map.out; begin += outputs) {
    Strip s{begin, std::min(map.out, begin + outputs), map.in, 0};
    for (int i = s.begin; i < s.end; ++i) {
      s.low = std::min(s.low, map.first[size_t(i)]);
      s.high = std::max(s.high, map.first[size_t(i)] + map.count[size_t(i)]);
    }
    strips.push_back(s);
  }
  return strips;
}

/// One picture of interleaved lines, or one plane. A band of kLanes lines is filtered along x with one line in each lane of a vector.
class Separable {
 public:
  Separable(const AxisMap& alongX, const AxisMap& alongY, int channels, const Exec& exec)
      : x_(alongX), y_(alongY), wx_(alongX.floatWeights()), wy_(alongY.floatWeights()), strips_(stripsOf(alongX, channels)), exec_(exec),
        channels_(channels), in_(size_t(alongX.in) * size_t(channels)), out_(size_t(alongX.out) * size_t(channels)) {
    for (const Strip& s : strips_) {
      widestIn_ = std::max(widestIn_, wholeLanes(size_t(s.high - s.low) * size_t(channels)));
      widestOut_ = std::max(widestOut_, wholeLanes(size_t(s.end - s.begin) * size_t(channels)));
    }
  }

  template <class T>
  void columnsThenRows(const T* src, T* dst) const {
    Spares spares;
    parallelFor(exec_, bands(y_.out), [&](size_t band) {
      const int begin = int(band) * kLanes, end = std::min(y_.out, begin + kLanes);
      const Borrowed scratch(spares, *this);
      Window<T> window(*this, begin, end, scratch->window);
      for (const Strip& s : strips_) {
        window.fill(src, size_t(s.low) * size_t(channels_), samplesIn(s));
        window.mix(begin, end, scratch->lines.data(), widestIn_);
        along(s, *scratch);
        for (int y = begin; y < end; ++y) emit(scratch->wide.data() + size_t(y - begin) * widestOut_, at(dst, y, s), samplesOut(s));
      }
    });
  }

  template <class T>
  void rowsThenColumns(const T* src, T* dst) const {
    std::vector<float> middle(size_t(y_.in) * out_);
    Spares spares;
    parallelFor(exec_, bands(y_.in), [&](size_t band) {
      const int begin = int(band) * kLanes, end = std::min(y_.in, begin + kLanes);
      const Borrowed scratch(spares, *this);
      for (const Strip& s : strips_) {
        for (int y = begin; y < end; ++y)
          read(src + size_t(y) * in_ + size_t(s.low) * size_t(channels_), scratch->lines.data() + size_t(y - begin) * widestIn_, samplesIn(s));
        along(s, *scratch);
        for (int y = begin; y < end; ++y) emit(scratch->wide.data() + size_t(y - begin) * widestOut_, at(middle.data(), y, s), samplesOut(s));
      }
    });
    parallelFor(exec_, bands(y_.out), [&](size_t band) {
      std::vector<float> lines(2 * out_);
      const int begin = int(band) * kLanes, end = std::min(y_.out, begin + kLanes);
      for (int y = begin; y < end; y += 2) {
        const int next = std::min(end, y + 2);
        columns(middle.data(), out_, 0, y, next, lines.data(), out_, out_);
        emit(lines.data(), dst + size_t(y) * out_, size_t(next - y) * out_);
      }
    });
  }

 private:
  /// kLanes lines of a strip, the same transposed, its outputs, and those as lines; source rows widened to float.
  struct Scratch {
    std::vector<float> lines, block, outputs, wide, window;
    explicit Scratch(const Separable& s)
        : lines(kLanes * s.widestIn_), block(kLanes * s.widestIn_), outputs(kLanes * s.widestOut_), wide(kLanes * s.widestOut_) {}
  };

  /// Scratch of bands that are done: fresh memory for each band would cost more than the filter (every page is a fault).
  struct Spares {
    std::mutex mutex;
    std::vector<std::unique_ptr<Scratch> > list;
  };

  class Borrowed {
   public:
    Borrowed(Spares& spares, const Separable& s) : spares_(spares) {
      {
        std::lock_guard<std::mutex> lock(spares.mutex);
        if (!spares.list.empty()) {
          scratch_ = std::move(spares.list.back());
          spares.list.pop_back();
        }
      }
      if (!scratch_) scratch_ = std::make_unique<Scratch>(s);
    }
    ~Borrowed() {
      std::lock_guard<std::mutex> lock(spares_.mutex);
      spares_.list.push_back(std::move(scratch_));
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Scratch& operator*() const { return *scratch_; }
    Scratch* operator->() const { return scratch_.get(); }

   private:
    Spares& spares_;
    std::unique_ptr<Scratch> scratch_;
  };

  /// The source rows that outputs [begin, end) along y are made of, a strip at a time: bytes are widened once, floats read where they are.
  template <class T>
  class Window {
   public:
    Window(const Separable& s, int begin, int end, std::vector<float>& wide) : s_(s), wide_(wide) {
      low_ = s.y_.in;
      int high = 0;
      for (int y = begin; y < end; ++y) {
        low_ = std::min(low_, s.y_.first[size_t(y)]);
        high = std::max(high, s.y_.first[size_t(y)] + s.y_.count[size_t(y)]);
      }
      rows_ = high - low_;
    }

    void fill(const float* src, size_t offset, size_t n) {
      data_ = src + size_t(low_) * s_.in_ + offset;
      pitch_ = s_.in_;
      length_ = n;
    }
    void fill(const uint8_t* src, size_t offset, size_t n) {
      pitch_ = s_.widestIn_;
      length_ = wholeLanes(n);  // there is room for whole vectors
      if (wide_.size() < size_t(rows_) * pitch_) wide_.resize(size_t(rows_) * pitch_);
      data_ = wide_.data();
      const uint8_t* from = src + size_t(low_) * s_.in_ + offset;
      for (int row = 0; row < rows_; ++row, from += s_.in_) {
        if (row + kRowsAhead < rows_) fetch(from + kRowsAhead * s_.in_, n);
        s_.read(from, wide_.data() + size_t(row) * pitch_, n);
      }
    }
    void mix(int begin, int end, float* dst, size_t dstPitch) const { s_.columns(data_, pitch_, low_, begin, end, dst, dstPitch, length_); }

   private:
    const Separable& s_;
    std::vector<float>& wide_;
    const float* data_ = nullptr;
    size_t pitch_ = 0, length_ = 0;
    int low_, rows_;
  };

  static size_t bands(int rows) { return size_t(rows + kLanes - 1) / kLanes; }
  size_t samplesIn(const Strip& s) const { return size_t(s.high - s.low) * size_t(channels_); }
  size_t samplesOut(const Strip& s) const { return size_t(s.end - s.begin) * size_t(channels_); }
  template <class T>
  T* at(T* picture, int y, const Strip& s) const {
    return picture + size_t(y) * out_ + size_t(s.begin) * size_t(channels_);
  }

  /// Outputs [begin, end) along y, n samples of each, two at a time; `rows` begins with source row `low`.
  void columns(const float* rows, size_t pitch, int low, int begin, int end, float* dst, size_t dstPitch, size_t n) const {
    const auto mixOf = [&](int y) {
      return RowMix{wy_.data() + size_t(y) * size_t(y_.stride), y_.first[size_t(y)] - low, y_.count[size_t(y)], dst + size_t(y - begin) * dstPitch};
    };
    for (int y = begin; y < end; y += 2) {
      const RowMix mixes[] = {mixOf(y), mixOf(std::min(y + 1, end - 1))};
      mixRowsFor(exec_.variant)(rows, pitch, mixes, std::min(2, end - y), n);
    }
  }

  /// Filters the lines of a strip along x, all lines at once.
  void along(const Strip& s, Scratch& scratch) const {
    const int in = int(wholeLanes(samplesIn(s))), out = int(wholeLanes(samplesOut(s)));
    transposeFor(exec_.variant)(scratch.lines.data(), widestIn_, scratch.block.data(), kLanes, kLanes, in);
    mixLanesFor(exec_.variant)(scratch.block.data(), (long long)s.low * channels_, channels_, x_.first.data(), x_.count.data(), wx_.data(), x_.stride,
                               scratch.outputs.data(), s.begin, s.end);
    transposeFor(exec_.variant)(scratch.outputs.data(), kLanes, scratch.wide.data(), widestOut_, out, kLanes);
  }

  void read(const float* src, float* dst, size_t n) const { std::copy_n(src, n, dst); }
  void read(const uint8_t* src, float* dst, size_t n) const { widenFor(exec_.variant)(src, dst, n); }
  void emit(const float* src, float* dst, size_t n) const { std::copy_n(src, n, dst); }
  void emit(const float* src, uint8_t* dst, size_t n) const { roundBytesFor(exec_.variant)(src, dst, n); }

  const AxisMap &x_, &y_;
  std::vector<float> wx_, wy_;
  std::vector<Strip> strips_;
  const Exec& exec_;
  int channels_;
  size_t in_, out_;  // samples a line
  size_t widestIn_ = 0, widestOut_ = 0;
};

}  // namespace

void applySeparable(const ConstRaster& src, const Raster& dst, const AxisMap& alongX, const AxisMap& alongY, bool columnsFirst, const Exec& exec) {
  const bool bytes = src.pixel == Pixel::U8;
  const Separable filter(alongX, alongY, bytes ? src.channels : 1, exec);
  const auto run = [&](auto* in, auto* out) { columnsFirst ? filter.columnsThenRows(in, out) : filter.rowsThenColumns(in, out); };
  if (bytes) return run(static_cast<const uint8_t*>(src.data), static_cast<uint8_t*>(dst.data));
  for (int c = 0; c < src.channels; ++c)
    run(static_cast<const float*>(src.data) + size_t(c) * src.plane(), static_cast<float*>(dst.data) + size_t(c) * dst.plane());
}

}  // namespace ir
#endif
