#include "kernels/luma.h"

#ifdef IR_VARIANT_PASS
#include "ir/simd.h"

namespace ir::IR_NS {
namespace {

constexpr int kReach = 16;  // bytes that one load of interleaved samples may touch

#if defined(__AVX2__)
/// Picks channel c of consecutive pixels out of 16 interleaved bytes, widened to 32 bits.
__m128i picker(int channels, int c) {
  alignas(16) uint8_t mask[16];
  for (int i = 0; i < 16; ++i) mask[i] = uint8_t(i % 4 == 0 ? c + channels * (i / 4) : 0x80);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(mask));
}
__m128i pick(const uint8_t* p, __m128i mask) { return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), mask); }
#endif

/// Fused on every variant: here the last bit decides ties.
vd fused(vd a, vd b, vd c) {
#if defined(__AVX2__)
  return fma(a, b, c);
#else
  vd v;
  for (int i = 0; i < kD; ++i) v[i] = ::fma(a[i], b[i], c[i]);
  return v;
#endif
}

/// A channel of interleaved bytes.
class Bytes {
 public:
  Bytes(const uint8_t* row, int channels, int c)
      : row_(row), channels_(channels), c_(c)
#if defined(__AVX2__)
        ,
        mask_(picker(channels, c))
#endif
  {
  }
  double one(int i) const { return double(row_[size_t(i) * size_t(channels_) + size_t(c_)]); }
  vd many(int i) const {
    const uint8_t* p = row_ + size_t(i) * size_t(channels_);
#if defined(__AVX512F__)
    return (vd)_mm512_cvtepi32_pd(_mm256_inserti128_si256(_mm256_castsi128_si256(pick(p, mask_)), pick(p + 4 * channels_, mask_), 1));
#elif defined(__AVX2__)
    return (vd)_mm256_cvtepi32_pd(pick(p, mask_));
#else
    vd v;
    for (int k = 0; k < kD; ++k) v[k] = double(p[k * channels_ + c_]);
    return v;
#endif
  }

 private:
  const uint8_t* row_;
  int channels_, c_;
#if defined(__AVX2__)
  __m128i mask_;
#endif
};

/// A channel of planar floats in [0, 1].
class Floats {
 public:
  Floats(const PlaneSource& source, const float* row) : source_(source), row_(row) {}
  double one(int i) const { return scaled(source_, double(row_[i])); }
  vd many(int i) const {
    typedef float half __attribute__((vector_size(kBytes / 2)));
    half v;
    std::memcpy(&v, row_ + i, sizeof v);
    return scaled(source_, __builtin_convertvector(v, vd));
  }

 private:
  const PlaneSource& source_;
  const float* row_;
};

/// `whole`: how many leading samples may be read as vectors.
template <class Channel>
void single(const Channel& channel, int whole, int n, double* dst) {
  int i = 0;
  for (; i + kD <= whole; i += kD) store(dst + i, channel.many(i));
  for (; i < n; ++i) dst[i] = channel.one(i);
}

template <class Channel>
void luma(const PlaneSource& s, const Channel& red, const Channel& green, const Channel& blue, int whole, int n, double* dst) {
  int i = 0;
  for (; i + kD <= whole; i += kD) {
    const vd r = red.many(i), g = green.many(i), b = blue.many(i);
    const vd v = s.fused ? fused(splat(s.b), b, fused(splat(s.r), r, s.g * g)) : s.r * r + s.g * g + s.b * b + s.offset;
    store(dst + i, s.rounded ? roundEven(v) : v);
  }
  for (; i < n; ++i) dst[i] = lumaOf(s, red.one(i), green.one(i), blue.one(i));
}

}  // namespace

void planeSamples(const PlaneSource& s, int x, int y, int n, double* dst) {
  const size_t at = size_t(y) * size_t(s.width) + size_t(x);
  const bool colourful = s.channels >= 3;
  if (s.store == Store::Bytes) {
    const uint8_t* row = static_cast<const uint8_t*>(s.data) + at * size_t(s.channels);
    // a vector ending at sample i + kD reads up to kReach bytes from its last group of four pixels on: keep that inside the picture's row
    const int left = s.width - x, safe = left - (kReach + s.channels - 1) / s.channels;
    const int whole = n < safe ? n : safe;
    if (s.channel >= 0) return single(Bytes(row, s.channels, s.channel), whole, n, dst);
    return luma(s, Bytes(row, s.channels, 0), Bytes(row, s.channels, colourful ? 1 : 0), Bytes(row, s.channels, colourful ? 2 : 0), whole, n, dst);
  }
  const size_t pitch = size_t(s.width) * size_t(s.height);
  if (s.store == Store::Doubles) {
    std::memcpy(dst, static_cast<const double*>(s.data) + size_t(s.channel) * pitch + at, size_t(n) * sizeof(double));
    return;
  }
  const float* row = static_cast<const float*>(s.data) + at;
  if (s.channel >= 0) return single(Floats(s, row + size_t(s.channel) * pitch), n, n, dst);
  luma(s, Floats(s, row), Floats(s, row + (colourful ? pitch : 0)), Floats(s, row + (colourful ? 2 * pitch : 0)), n, n, dst);
}

}  // namespace ir::IR_NS
#endif
