// Standard normals in vectors (variant pass only): Philox, then Box-Muller in float32, each on several vectors in step (philox_vectors.h says why).
// Largest deviation from the double-precision definition: 24 eps (eps = 2^-24; 1.4e-6), checked by the tests over the whole range of words. It is
// reached in the far tail: at the largest radius, 6.76, the product's own rounding is 4 eps and an angle's weighs sevenfold.
#pragma once
#include "kernels/philox_vectors.h"

namespace ir::IR_NS {

constexpr size_t kNormalsStride = 4 * kBlocks;  // elements made at once

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
/// The factor -2 stands in the coefficients, where it is exact.
template <int N>
static inline void radius(const vu (&x)[N], vf (&r)[N]) {
  vf t[N], f[N], e[N], p[N], ff[N];
  vi upper[N], deep[N];
  IR_EACH(i, N) {
    upper[i] = (vi)x[i] < 0;
    const vi m = (vi)(x[i] ^ (vu)upper[i]);  // x, or ~x = 2^32 - 1 - x; below 2^31 either way
    t[i] = fma(toFloat(m), splat(0x1p-32f), splat(0x1p-33f));
  }
  IR_EACH(i, N) {
    // lower half: t = 2^e (1 + f);  upper half: 1 - t = 1 + f, or (1 + f) / 2
    const vi bits = (vi)t[i] - 0x3f3504f3;  // mantissa of sqrt(1/2)
    deep[i] = upper[i] & (vi)(t[i] > splat(0.29289322f));
    f[i] = (vf)((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
    f[i] = select(upper[i], 0.0f - t[i], f[i]);
    f[i] = select(deep[i], fma(splat(2.0f), f[i], splat(1.0f)), f[i]);
    e[i] = toFloat((bits >> 23) & ~upper[i]);
    e[i] = select(deep[i], splat(-1.0f), e[i]);
  }
  IR_EACH(i, N) p[i] = fma(splat(-2 * -0.07859546f), f[i], splat(-2 * 0.12881622f));
  IR_EACH(i, N) p[i] = fma(p[i], f[i], splat(-2 * -0.13128768f));
  IR_EACH(i, N) p[i] = fma(p[i], f[i], splat(-2 * 0.14181197f));
  IR_EACH(i, N) p[i] = fma(p[i], f[i], splat(-2 * -0.16624554f));
  IR_EACH(i, N) p[i] = fma(p[i], f[i], splat(-2 * 0.20002286f));
  IR_EACH(i, N) p[i] = fma(p[i], f[i], splat(-2 * -0.25000811f));
  IR_EACH(i, N) p[i] = fma(p[i], f[i], splat(-2 * 0.33333316f));
  IR_EACH(i, N) ff[i] = f[i] * f[i];
  IR_EACH(i, N) p[i] = fma(ff[i] * f[i], p[i], ff[i]);
  IR_EACH(i, N) p[i] = fma(splat(-2.0f), f[i], fma(e[i], splat(-2 * -2.12194440e-4f), p[i]));
  IR_EACH(i, N) p[i] = fma(e[i], splat(-2 * 0.693359375f), p[i]);
  IR_EACH(i, N) r[i] = squareRoot(p[i]);
}

/// cos and sin of 2 pi (x + 0.5) 2^-32: the nearest quarter turn, the two upper bits of x + 2^29, comes off in integers.
template <int N>
static inline void turn(const vu (&x)[N], vf (&cosine)[N], vf (&sine)[N]) {
  vu y[N];
  vf a[N], q[N], s[N], c[N];
  IR_EACH(i, N) y[i] = x[i] + 0x20000000u;
  IR_EACH(i, N) {
    const vi rest = (vi)(y[i] & 0x3fffffffu) - 0x20000000;
    a[i] = fma(toFloat(rest), splat(float(6.283185307179586 * 0x1p-32)), splat(float(6.283185307179586 * 0x1p-33)));
  }
  IR_EACH(i, N) q[i] = a[i] * a[i];
  IR_EACH(i, N) s[i] = fma(splat(-0.00019517298f), q[i], splat(0.008332178f));
  IR_EACH(i, N) c[i] = fma(splat(2.443845e-05f), q[i], splat(-0.0013887368f));
  IR_EACH(i, N) s[i] = fma(s[i], q[i], splat(-0.16666655f));
  IR_EACH(i, N) c[i] = fma(c[i], q[i], splat(0.041666646f));
  IR_EACH(i, N) s[i] = fma(a[i] * q[i], s[i], a[i]);
  IR_EACH(i, N) c[i] = fma(q[i] * q[i], c[i], fma(splat(-0.5f), q[i], splat(1.0f)));
  IR_EACH(i, N) {
    const vi swap = (vi)(y[i] << 1) < 0;  // odd quarters
    const vu signC = (y[i] + 0x40000000u) & 0x80000000u, signS = y[i] & 0x80000000u;
    cosine[i] = (vf)((vu)select(swap, s[i], c[i]) ^ signC);
    sine[i] = (vf)((vu)select(swap, c[i], s[i]) ^ signS);
  }
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

/// Normals of a stride's blocks, in order, from what Box-Muller made of words (0, 1) and of words (2, 3).
static inline void storeNormals(vf n0, vf n1, vf n2, vf n3, float* dst) {
  vf evenLow, evenHigh, oddLow, oddHigh, out[4];
  zip(n0, n2, &evenLow, &evenHigh);
  zip(n1, n3, &oddLow, &oddHigh);
  zip(evenLow, oddLow, &out[0], &out[1]);
  zip(evenHigh, oddHigh, &out[2], &out[3]);
  for (int i = 0; i < 4; ++i) store(dst + i * kF, out[i]);
}

/// kNormalsStride normals for positions 4 block .. 4 block + kNormalsStride - 1.
static inline void normalsOfBlocks(uint64_t block, const NoiseKey& key, const Rounds& rounds, float* dst) {
  PhiloxVectors words;
  philoxVectors(block, key, rounds, &words);
  vu x[2 * kStrides], y[2 * kStrides];
  IR_EACH(s, kStrides) {
    x[2 * s] = words.w[0][s], x[2 * s + 1] = words.w[2][s];
    y[2 * s] = words.w[1][s], y[2 * s + 1] = words.w[3][s];
  }
  vf r[2 * kStrides], cosine[2 * kStrides], sine[2 * kStrides];
  radius(x, r);
  turn(y, cosine, sine);
  IR_EACH(s, kStrides) {
    const int i = 2 * s, j = i + 1;
    storeNormals(r[i] * cosine[i], r[i] * sine[i], r[j] * cosine[j], r[j] * sine[j], dst + 4 * kF * s);
  }
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
