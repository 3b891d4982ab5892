// Standard normals in vectors (variant pass only). Ten rounds of Philox on a vector of consecutive blocks, Box-Muller in float32.
// Largest deviation from the double-precision definition: 24 eps (eps = 2^-24; 1.4e-6), checked by the tests over the whole range of words. It is
// reached in the far tail: at the largest radius, 6.76, the product's own rounding is 4 eps and an angle's weighs sevenfold.
#pragma once
#include "ir/philox.h"
#include "ir/simd.h"

namespace ir::IR_NS {

constexpr size_t kNormalsStride = 4 * kF;  // elements made at once

static inline vu asUnsigned(vi v) { return (vu)v; }

/// High and low halves of a * m, lane by lane.
static inline void multiply(vu a, uint32_t m, vu* high, vu* low) {
#if defined(__AVX512F__)
  const __m512i x = (__m512i)a, k = _mm512_set1_epi64(m);
  const __m512i even = _mm512_mul_epu32(x, k), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), k);
  *high = (vu)_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
  *low = (vu)_mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA);
#elif defined(__AVX2__)
  const __m256i x = (__m256i)a, k = _mm256_set1_epi64x(m);
  const __m256i even = _mm256_mul_epu32(x, k), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), k);
  *high = (vu)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
  *low = (vu)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
#elif defined(__SSE2__)
  const __m128i x = (__m128i)a, k = _mm_set_epi32(0, int(m), 0, int(m)), upper = _mm_set_epi32(-1, 0, -1, 0);
  const __m128i even = _mm_mul_epu32(x, k), odd = _mm_mul_epu32(_mm_srli_epi64(x, 32), k);
  *high = (vu)_mm_or_si128(_mm_srli_epi64(even, 32), _mm_and_si128(odd, upper));
  *low = (vu)_mm_or_si128(_mm_andnot_si128(upper, even), _mm_slli_epi64(odd, 32));
#else
  vu h, l;
  for (int i = 0; i < kF; ++i) {
    const uint64_t p = uint64_t(a[i]) * m;
    h[i] = uint32_t(p >> 32);
    l[i] = uint32_t(p);
  }
  *high = h;
  *low = l;
#endif
}

/// What all vectors of a field share: the ten round keys.
struct Rounds {
  uint32_t low[10], high[10];
};

static inline Rounds roundsOf(uint64_t seed) {
  Rounds r;
  for (uint32_t i = 0; i < 10; ++i) {
    r.low[i] = uint32_t(seed) + i * kPhiloxW0;
    r.high[i] = uint32_t(seed >> 32) + i * kPhiloxW1;
  }
  return r;
}

static inline vu ramp() {
  vu v;
  for (int i = 0; i < kF; ++i) v[i] = uint32_t(i);
  return v;
}

/// Output words of blocks block .. block + kF - 1.
static inline void philoxVector(uint64_t block, const NoiseKey& key, const Rounds& rounds, vu w[4]) {
  vu c0 = uint32_t(block) + ramp();
  vu c1 = uint32_t(block >> 32) - (vu)(c0 < uint32_t(block));  // a comparison that holds is -1: the carry
  vu c2 = key.step - vu{}, c3 = key.stream - vu{};
#pragma GCC unroll 10
  for (int i = 0; i < 10; ++i) {
    vu h0, l0, h1, l1;
    multiply(c0, kPhiloxM0, &h0, &l0);
    multiply(c2, kPhiloxM1, &h1, &l1);
    c0 = h1 ^ c1 ^ rounds.low[i];
    c1 = l1;
    c2 = h0 ^ c3 ^ rounds.high[i];
    c3 = l0;
  }
  w[0] = c0;
  w[1] = c1;
  w[2] = c2;
  w[3] = c3;
}

static inline vf toFloat(vi v) { return __builtin_convertvector(v, vf); }
static inline vf select(vi mask, vf yes, vf no) { return mask ? yes : no; }

static inline vf squareRoot(vf x) {
#if defined(__AVX512F__)
  return (vf)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
  return (vf)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (vf)_mm_sqrt_ps((__m128)x);
#else
  vf r;
  for (int i = 0; i < kF; ++i) r[i] = __builtin_sqrtf(x[i]);
  return r;
#endif
}

/// sqrt(-2 ln u) with u = (x + 0.5) 2^-32. In the upper half ln u = log1p(-t) with t = 1 - u taken from the integer, so that nothing is lost near 1.
static inline vf radius(vu x) {
  const vi upper = (vi)x < 0;
  const vi m = (vi)(x ^ (vu)upper);  // x, or ~x = 2^32 - 1 - x; below 2^31 either way
  const vf t = fma(toFloat(m), splat(0x1p-32f), splat(0x1p-33f));
  // lower half: t = 2^e (1 + f);  upper half: 1 - t = 1 + f, or (1 + f) / 2
  const vi bits = (vi)t - 0x3f3504f3;  // mantissa of sqrt(1/2)
  const vi exponent = bits >> 23;
  const vf mantissa = (vf)((bits & 0x007fffff) + 0x3f3504f3);
  const vi deep = t > splat(0.29289322f);
  const vf fUpper = select(deep, 1.0f - 2.0f * t, -t);
  const vf f = select(upper, fUpper, mantissa - 1.0f);
  const vf e = select(upper, select(deep, splat(-1.0f), splat(0.0f)), toFloat(exponent));
  vf p = splat(-0.07859546f);
  p = fma(p, f, splat(0.12881622f));
  p = fma(p, f, splat(-0.13128768f));
  p = fma(p, f, splat(0.14181197f));
  p = fma(p, f, splat(-0.16624554f));
  p = fma(p, f, splat(0.20002286f));
  p = fma(p, f, splat(-0.25000811f));
  p = fma(p, f, splat(0.33333316f));
  const vf ff = f * f;
  const vf tail = fma(ff * f, p, -0.5f * ff);
  const vf ln = fma(e, splat(0.693359375f), fma(e, splat(-2.12194440e-4f), tail) + f);
  return squareRoot(-2.0f * ln);
}

/// cos and sin of 2 pi (x + 0.5) 2^-32: the nearest quarter turn comes off in integers.
static inline void turn(vu x, vf* cosine, vf* sine) {
  const vu quarter = (x + 0x20000000u) >> 30;
  const vi rest = (vi)(x - (quarter << 30));
  const vf a = fma(toFloat(rest), splat(float(6.283185307179586 * 0x1p-32)), splat(float(6.283185307179586 * 0x1p-33)));
  const vf q = a * a;
  const vf s = fma(a * q, fma(fma(splat(-0.00019517298f), q, splat(0.008332178f)), q, splat(-0.16666655f)), a);
  const vf c = fma(q * q, fma(fma(splat(2.443845e-05f), q, splat(-0.0013887368f)), q, splat(0.041666646f)), fma(splat(-0.5f), q, splat(1.0f)));
  const vi swap = (vi)((quarter & 1u) << 31) < 0;
  const vu signC = ((quarter + 1u) & 2u) << 30, signS = (quarter & 2u) << 30;
  *cosine = (vf)((vu)select(swap, s, c) ^ signC);
  *sine = (vf)((vu)select(swap, c, s) ^ signS);
}

#if defined(__AVX512F__)
static inline void zip(vf a, vf b, vf* low, vf* high) {
  *low = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  *high = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
#elif defined(__AVX2__)
static inline void zip(vf a, vf b, vf* low, vf* high) {
  *low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  *high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
#else
static inline void zip(vf a, vf b, vf* low, vf* high) {
  *low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  *high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
#endif

/// kNormalsStride normals for positions 4 block .. 4 block + kNormalsStride - 1.
static inline void normalsOfBlocks(uint64_t block, const NoiseKey& key, const Rounds& rounds, float* dst) {
  vu w[4];
  philoxVector(block, key, rounds, w);
  const vf r0 = radius(w[0]), r1 = radius(w[2]);
  vf c0, s0, c1, s1;
  turn(w[1], &c0, &s0);
  turn(w[3], &c1, &s1);
  vf evenLow, evenHigh, oddLow, oddHigh, out[4];
  zip(r0 * c0, r1 * c1, &evenLow, &evenHigh);
  zip(r0 * s0, r1 * s1, &oddLow, &oddHigh);
  zip(evenLow, oddLow, &out[0], &out[1]);
  zip(evenHigh, oddHigh, &out[2], &out[3]);
  for (int i = 0; i < 4; ++i) store(dst + i * kF, out[i]);
}

constexpr size_t kNormalsTile = 1024;
constexpr size_t kNormalsScratch = kNormalsTile + kNormalsStride + 4;

/// Up to kNormalsTile normals for positions position .. position + n - 1; the result starts at the returned pointer into `scratch`
/// (kNormalsScratch floats), because a tile need not start on a block.
static inline const float* normalsTile(uint64_t position, size_t n, const NoiseKey& key, const Rounds& rounds, float* scratch) {
  const size_t shift = size_t(position & 3);
  for (size_t i = 0; i < n + shift; i += kNormalsStride) normalsOfBlocks((position + i) >> 2, key, rounds, scratch + i);
  return scratch + shift;
}

}  // namespace ir::IR_NS
