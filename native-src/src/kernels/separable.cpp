#include "kernels/separable.h"

#include "ir/variants.h"

/// dst[i] = sum_k weights[k] rows[k][i], for float and for byte rows.
IR_VARIANTS(void, mixRows, (const float* src, size_t pitch, const float* weights, int count, float* dst, size_t n))
IR_VARIANTS(void, mixByteRows, (const uint8_t* src, size_t pitch, const float* weights, int count, float* dst, size_t n))
/// Along x for kLanes rows at once: `block[x * kLanes + lane]`, outputs likewise.
IR_VARIANTS(void, mixLanes, (const float* block, const int* first, const int* count, const float* weights, int stride, float* dst, int begin, int end))
IR_VARIANTS(void, roundBytes, (const float* src, uint8_t* dst, size_t n))
/// block[i * kLanes + lane] = rows[lane][i * step], and back; lanes past `lanes` are zero.
IR_VARIANTS(void, interleave, (const float* rows, size_t pitch, int lanes, int step, float* block, int n))
IR_VARIANTS(void, deinterleave, (const float* block, float* rows, size_t pitch, int lanes, int step, int n))

namespace ir {
constexpr int kLanes = 16;
}

#ifdef IR_VARIANT_PASS
#include "ir/simd.h"

namespace ir::IR_NS {

constexpr int kBlock = 4;

template <class Load>
static inline void mix(Load loadAt, const float* weights, int count, float* dst, size_t n) {
  size_t i = 0;
  for (; i + kBlock * kF <= n; i += kBlock * kF) {
    vf sum[kBlock];
    for (int v = 0; v < kBlock; ++v) sum[v] = splat(0.0f);
    for (int k = 0; k < count; ++k) {
      const vf w = splat(weights[k]);
      for (int v = 0; v < kBlock; ++v) sum[v] = fma(w, loadAt(k, i + size_t(v) * kF, size_t(kF)), sum[v]);
    }
    for (int v = 0; v < kBlock; ++v) store(dst + i + size_t(v) * kF, sum[v]);
  }
  for (; i < n; i += kF) {
    const size_t width = n - i < size_t(kF) ? n - i : size_t(kF);
    vf sum = splat(0.0f);
    for (int k = 0; k < count; ++k) sum = fma(splat(weights[k]), loadAt(k, i, width), sum);
    std::memcpy(dst + i, &sum, width * sizeof(float));
  }
}

void mixRows(const float* src, size_t pitch, const float* weights, int count, float* dst, size_t n) {
  mix(
      [&](int k, size_t i, size_t width) {
        vf x{};
        if (width == size_t(kF)) return load(src + size_t(k) * pitch + i);
        std::memcpy(&x, src + size_t(k) * pitch + i, width * sizeof(float));
        return x;
      },
      weights, count, dst, n);
}

typedef uint8_t bytes __attribute__((vector_size(kF)));

void mixByteRows(const uint8_t* src, size_t pitch, const float* weights, int count, float* dst, size_t n) {
  mix(
      [&](int k, size_t i, size_t width) {
        bytes x{};
        if (width == size_t(kF))
          std::memcpy(&x, src + size_t(k) * pitch + i, sizeof x);
        else
          std::memcpy(&x, src + size_t(k) * pitch + i, width);
        return __builtin_convertvector(x, vf);
      },
      weights, count, dst, n);
}

void mixLanes(const float* block, const int* first, const int* count, const float* weights, int stride, float* dst, int begin, int end) {
  constexpr int kVectors = kLanes / kF;
  for (int i = begin; i < end; ++i) {
    const float* w = weights + size_t(i) * size_t(stride);
    const float* x = block + size_t(first[i]) * kLanes;
    vf sum[kVectors];
    for (int v = 0; v < kVectors; ++v) sum[v] = splat(0.0f);
    for (int k = 0; k < count[i]; ++k)
      for (int v = 0; v < kVectors; ++v) sum[v] = fma(splat(w[k]), load(x + k * kLanes + v * kF), sum[v]);
    for (int v = 0; v < kVectors; ++v) store(dst + size_t(i) * kLanes + v * kF, sum[v]);
  }
}

void roundBytes(const float* src, uint8_t* dst, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const float v = src[i] + 0.5f;
    dst[i] = uint8_t(v <= 0 ? 0 : v >= 255 ? 255 : int(v));
  }
}

void interleave(const float* rows, size_t pitch, int lanes, int step, float* block, int n) {
  for (int lane = 0; lane < kLanes; ++lane) {
    const float* row = rows + size_t(lane) * pitch;
    if (lane >= lanes)
      for (int i = 0; i < n; ++i) block[size_t(i) * kLanes + size_t(lane)] = 0;
    else
      for (int i = 0; i < n; ++i) block[size_t(i) * kLanes + size_t(lane)] = row[size_t(i) * size_t(step)];
  }
}

void deinterleave(const float* block, float* rows, size_t pitch, int lanes, int step, int n) {
  for (int lane = 0; lane < lanes; ++lane) {
    float* row = rows + size_t(lane) * pitch;
    for (int i = 0; i < n; ++i) row[size_t(i) * size_t(step)] = block[size_t(i) * kLanes + size_t(lane)];
  }
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <vector>

namespace ir {
namespace {

/// Float lines of `length` samples, channels interleaved `channels` deep (1 for a plane).
struct FloatLines {
  const float* data;
  size_t length;
};

class Separable {
 public:
  Separable(const AxisMap& alongX, const AxisMap& alongY, const Exec& exec)
      : x_(alongX), y_(alongY), wx_(alongX.floatWeights()), wy_(alongY.floatWeights()), exec_(exec) {}

  /// Whole line pictures: bytes or floats in, out; `channels` interleaved.
  template <class T>
  void run(const T* src, T* dst, int channels, bool columnsFirst) const {
    return columnsFirst ? columnsThenRows(src, dst, channels) : rowsThenColumns(src, dst, channels);
  }

 private:
  template <class T>
  void columnsThenRows(const T* src, T* dst, int channels) const {
    const size_t in = size_t(x_.in) * size_t(channels), out = size_t(x_.out) * size_t(channels);
    parallelFor(exec_, bands(y_.out), [&](size_t band) {
      Scratch scratch(*this, channels);
      std::vector<float> middle(kLanes * in), wide(kLanes * out);
      const int begin = int(band) * kLanes, end = std::min(y_.out, begin + kLanes);
      for (int y = begin; y < end; ++y) column(src, in, y, middle.data() + size_t(y - begin) * in, in);
      rows(middle.data(), end - begin, channels, scratch, wide.data());
      emit(wide.data(), dst + size_t(begin) * out, size_t(end - begin) * out);
    });
  }

  template <class T>
  void rowsThenColumns(const T* src, T* dst, int channels) const {
    const size_t in = size_t(x_.in) * size_t(channels), out = size_t(x_.out) * size_t(channels);
    std::vector<float> middle(size_t(y_.in) * out);
    parallelFor(exec_, bands(y_.in), [&](size_t band) {
      Scratch scratch(*this, channels);
      std::vector<float> line(kLanes * in);
      const int begin = int(band) * kLanes, end = std::min(y_.in, begin + kLanes);
      std::copy(src + size_t(begin) * in, src + size_t(end) * in, line.begin());
      rows(line.data(), end - begin, channels, scratch, middle.data() + size_t(begin) * out);
    });
    parallelFor(exec_, bands(y_.out), [&](size_t band) {
      std::vector<float> line(out);
      const int begin = int(band) * kLanes, end = std::min(y_.out, begin + kLanes);
      for (int y = begin; y < end; ++y) {
        column(middle.data(), out, y, line.data(), out);
        emit(line.data(), dst + size_t(y) * out, out);
      }
    });
  }

  struct Scratch {
    std::vector<float> in, out;
    Scratch(const Separable& s, int) : in(size_t(s.x_.in) * kLanes), out(size_t(s.x_.out) * kLanes) {}
  };

  static size_t bands(int rows) { return size_t(rows + kLanes - 1) / kLanes; }

  void column(const float* src, size_t pitch, int y, float* dst, size_t n) const {
    mixRowsFor(exec_.variant)(src + size_t(y_.first[size_t(y)]) * pitch, pitch, wy_.data() + size_t(y) * size_t(y_.stride), y_.count[size_t(y)], dst, n);
  }
  void column(const uint8_t* src, size_t pitch, int y, float* dst, size_t n) const {
    mixByteRowsFor(exec_.variant)(src + size_t(y_.first[size_t(y)]) * pitch, pitch, wy_.data() + size_t(y) * size_t(y_.stride), y_.count[size_t(y)], dst, n);
  }

  /// Filters up to kLanes lines along x, a channel at a time, all lines in one vector.
  void rows(const float* lines, int lanes, int channels, Scratch& scratch, float* dst) const {
    const size_t in = size_t(x_.in) * size_t(channels), out = size_t(x_.out) * size_t(channels);
    for (int c = 0; c < channels; ++c) {
      interleaveFor(exec_.variant)(lines + c, in, lanes, channels, scratch.in.data(), x_.in);
      mixLanesFor(exec_.variant)(scratch.in.data(), x_.first.data(), x_.count.data(), wx_.data(), x_.stride, scratch.out.data(), 0, x_.out);
      deinterleaveFor(exec_.variant)(scratch.out.data(), dst + c, out, lanes, channels, x_.out);
    }
  }

  void emit(const float* src, float* dst, size_t n) const { std::copy_n(src, n, dst); }
  void emit(const float* src, uint8_t* dst, size_t n) const { roundBytesFor(exec_.variant)(src, dst, n); }

  const AxisMap &x_, &y_;
  std::vector<float> wx_, wy_;
  const Exec& exec_;
};

}  // namespace

void applySeparable(const ConstRaster& src, const Raster& dst, const AxisMap& alongX, const AxisMap& alongY, bool columnsFirst, const Exec& exec) {
  const Separable filter(alongX, alongY, exec);
  if (src.pixel == Pixel::U8) return filter.run(static_cast<const uint8_t*>(src.data), static_cast<uint8_t*>(dst.data), src.channels, columnsFirst);
  for (int c = 0; c < src.channels; ++c)
    filter.run(static_cast<const float*>(src.data) + size_t(c) * src.plane(), static_cast<float*>(dst.data) + size_t(c) * dst.plane(), 1, columnsFirst);
}

}  // namespace ir
#endif
