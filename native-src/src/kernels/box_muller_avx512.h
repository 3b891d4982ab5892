// Box-Muller in float32 with AVX-512 (variant pass only): logarithm, cosine and sine by tables of 32 entries, which this set looks up within
// registers, and short polynomials for what is left. Two thirds of the operations of box_muller.h, within the same bound, not to the same bits.
#pragma once
#include "kernels/normal_tables.h"
#include "kernels/philox_vectors.h"

namespace ir::IR_NS {

static inline vf lookUp(vi at, const float* table) { return (vf)_mm512_permutex2var_ps((__m512)load(table), (__m512i)at, (__m512)load(table + kF)); }
static inline vf fromUnsigned(vu x) { return (vf)_mm512_cvtepu32_ps((__m512i)x); }

/// sqrt(-2 ln u) with u = (x + 0.5) 2^-32 = 2^(E - 32) m: with c near 1 / m and h = 2 - 2 c m, it is -2 (E - 32) ln 2 + 2 ln c - 2 ln(1 - h / 2).
/// x + 0.5 is taken as two exact floats, its upper 24 bits and the rest, so that nothing is lost near 1.
template <int N>
static inline void radius(const vu* x, vf (&r)[N]) {
  const NormalTables& tables = kNormalTables;
  vf upper[N], lower[N], whole[N], ln[N], h[N], p[N];
  IR_EACH(i, N) {
    upper[i] = fromUnsigned(x[i] & 0xffffff00u);
    lower[i] = (vf)((x[i] & 0xffu) | 0x4b000000u) - (0x1p23f - 0.5f);  // as the last bits of 2^23
    // towards 0: as u goes to 1, E is 31 and c 1/2
    whole[i] = (vf)_mm512_add_round_ps((__m512)upper[i], (__m512)lower[i], _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  }
  IR_EACH(i, N) {
    const vi at = (vi)whole[i] >> 18;  // the upper five bits of the mantissa come lowest
    const vu scale = (vu)lookUp(at, (const float*)tables.scale) - ((vu)whole[i] & 0x7f800000u);
    h[i] = fma((vf)scale, lower[i], fma((vf)scale, upper[i], splat(2.0f)));
    const vf exponent = (vf)_mm512_getexp_ps((__m512)whole[i]) - 32.0f;
    ln[i] = fma(exponent, splat(-1.3862944f), lookUp(at, tables.logarithm));
  }
  // -2 ln(1 - h / 2) = h + h^2 / 4 + h^3 / 12 + ..., |h| <= 1/32, within 2e-8; added up before it meets the larger rest
  IR_EACH(i, N) p[i] = fma(h[i], splat(0.08334324f), splat(0.2500165f));
  IR_EACH(i, N) p[i] = fma(h[i] * h[i], p[i], h[i]);
  IR_EACH(i, N) r[i] = (vf)_mm512_sqrt_ps((__m512)(ln[i] + p[i]));
}

/// Pairs of normals from the words that give radius and angle. Of an angle's word x the upper five bits name the sector; what is left of it, from the
/// sector's middle, is at most pi / 32. Rotated by five, the word carries the sector where it is looked up, and the rest as its upper bits.
template <int N>
static inline void boxMuller(const vu* radiusWord, const vu* angleWord, vf (&n0)[N], vf (&n1)[N]) {
  const NormalTables& tables = kNormalTables;
  constexpr double kUnit = 6.283185307179586 * 0x1p-37;  // radians a unit of the rotated word
  vf r[N], a[N], q[N], c[N], x[N], y[N];
  radius(radiusWord, r);
  IR_EACH(i, N) {
    const vu rotated = (vu)_mm512_rol_epi32((__m512i)angleWord[i], 5);
    a[i] = fromUnsigned(rotated) - 0x1p31f;
    q[i] = a[i] * a[i];
    x[i] = r[i] * lookUp((vi)rotated, tables.cosine);
    y[i] = r[i] * lookUp((vi)rotated, tables.sine);
  }
  // sin a and cos a - 1, within 1e-8
  IR_EACH(i, N) c[i] = fma(q[i], splat(float(0.04165327656 * kUnit * kUnit * kUnit * kUnit)), splat(float(-0.4999999838 * kUnit * kUnit)));
  IR_EACH(i, N) a[i] *= fma(q[i], splat(float(-0.1665863488 * kUnit * kUnit * kUnit)), splat(float(0.9999999032 * kUnit)));
  IR_EACH(i, N) c[i] *= q[i];
  IR_EACH(i, N) n0[i] = fma(x[i], c[i], x[i]);
  IR_EACH(i, N) n1[i] = fma(y[i], c[i], y[i]);
  IR_EACH(i, N) n0[i] = fma(-a[i], y[i], n0[i]);
  IR_EACH(i, N) n1[i] = fma(a[i], x[i], n1[i]);
}

}  // namespace ir::IR_NS
