// Box-Muller in float32 (variant pass only; AVX-512 has its own, by tables): the same operations as on the device (cuda/normals.h), hence equal to it
// to the bit where multiply-adds fuse. The largest deviation is reached in the far tail: at the largest radius, 6.76, the product's own rounding is 4
// eps and an angle's weighs sevenfold.
#pragma once
#include "kernels/philox_vectors.h"

namespace ir::IR_NS {

static inline vf toFloat(vi v) { return __builtin_convertvector(v, vf); }

static inline vf squareRoot(vf x) {
#if defined(__AVX2__)
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
static inline void radius(const vu* x, vf (&r)[N]) {
  vf t[N], f[N], e[N], p[N], ff[N];
  vi above[N], deep[N];
  IR_EACH(i, N) {
    above[i] = (vi)x[i] < 0;
    const vi m = (vi)(x[i] ^ (vu)above[i]);  // x, or ~x = 2^32 - 1 - x; below 2^31 either way
    t[i] = fma(toFloat(m), splat(0x1p-32f), splat(0x1p-33f));
  }
  IR_EACH(i, N) {
    // lower half: t = 2^e (1 + f);  upper half: 1 - t = 1 + f, or (1 + f) / 2
    const vi bits = (vi)t[i] - 0x3f3504f3;  // mantissa of sqrt(1/2)
    deep[i] = above[i] & (vi)(t[i] > splat(0.29289322f));
    f[i] = (vf)((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
    f[i] = select(above[i], 0.0f - t[i], f[i]);
    f[i] = select(deep[i], fma(splat(2.0f), f[i], splat(1.0f)), f[i]);
    e[i] = toFloat((bits >> 23) & ~above[i]);
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
static inline void turn(const vu* x, vf (&cosine)[N], vf (&sine)[N]) {
  vu y[N];
  vf a[N], q[N], s[N], c[N];
  IR_EACH(i, N) y[i] = x[i] + 0x20000000u;
  IR_EACH(i, N) {
    const vi rest = (vi)(x[i] << 2);  // four times as much
    a[i] = fma(toFloat(rest), splat(float(6.283185307179586 * 0x1p-34)), splat(float(6.283185307179586 * 0x1p-33)));
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

/// Pairs of normals from the words that give radius and angle.
template <int N>
static inline void boxMuller(const vu* radiusWord, const vu* angleWord, vf (&n0)[N], vf (&n1)[N]) {
  vf r[N];
  radius(radiusWord, r);
  turn(angleWord, n0, n1);
  IR_EACH(i, N) n0[i] = r[i] * n0[i];
  IR_EACH(i, N) n1[i] = r[i] * n1[i];
}

}  // namespace ir::IR_NS
