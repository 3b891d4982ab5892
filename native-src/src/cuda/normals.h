// Standard normals on the device: kernels/box_muller.h for one lane, operation by operation, hence equal to the CPU's AVX2 variant to the bit
// (every operation below is correctly rounded). What is a constant there is the same constant here; the parity test compares all words' ranges.
#pragma once
#include <cmath>
#include <cstring>

#include "cuda/launch.h"
#include "ir/philox.h"

namespace ir::cuda {

__device__ inline uint32_t bitsOf(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
__device__ inline float floatOf(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// sqrt(-2 ln u) with u = (x + 0.5) 2^-32.
__device__ inline float radiusOf(uint32_t x) {
  const bool upper = x >> 31;
  const float t = fmaf(float(int(upper ? ~x : x)), 0x1p-32f, 0x1p-33f);
  const int bits = int(bitsOf(t)) - 0x3f3504f3;
  const bool deep = t > 0.29289322f;
  const float f = upper ? (deep ? 1.0f - 2.0f * t : -t) : floatOf(uint32_t((bits & 0x007fffff) + 0x3f3504f3)) - 1.0f;
  const float e = upper ? (deep ? -1.0f : 0.0f) : float(bits >> 23);
  float p = -0.07859546f;
  p = fmaf(p, f, 0.12881622f);
  p = fmaf(p, f, -0.13128768f);
  p = fmaf(p, f, 0.14181197f);
  p = fmaf(p, f, -0.16624554f);
  p = fmaf(p, f, 0.20002286f);
  p = fmaf(p, f, -0.25000811f);
  p = fmaf(p, f, 0.33333316f);
  const float ff = f * f;
  const float tail = fmaf(ff * f, p, -0.5f * ff);
  const float ln = fmaf(e, 0.693359375f, fmaf(e, -2.12194440e-4f, tail) + f);
  return sqrtf(-2.0f * ln);
}

/// cos and sin of 2 pi (x + 0.5) 2^-32.
__device__ inline void turn(uint32_t x, float* cosine, float* sine) {
  const uint32_t quarter = (x + 0x20000000u) >> 30;
  const float a = fmaf(float(int(x - (quarter << 30))), float(6.283185307179586 * 0x1p-32), float(6.283185307179586 * 0x1p-33));
  const float q = a * a;
  const float s = fmaf(a * q, fmaf(fmaf(-0.00019517298f, q, 0.008332178f), q, -0.16666655f), a);
  const float c = fmaf(q * q, fmaf(fmaf(2.443845e-05f, q, -0.0013887368f), q, 0.041666646f), fmaf(-0.5f, q, 1.0f));
  const bool swap = quarter & 1u;
  *cosine = floatOf(bitsOf(swap ? s : c) ^ (((quarter + 1u) & 2u) << 30));
  *sine = floatOf(bitsOf(swap ? c : s) ^ ((quarter & 2u) << 30));
}

/// Normals of positions 4 block .. 4 block + 3.
__device__ inline void normalsOfBlock(uint64_t block, const NoiseKey& key, float (&n)[4]) {
  const PhiloxWords r = philox(uint32_t(block), uint32_t(block >> 32), key.step, key.stream, key.seed);
  for (int i = 0; i < 4; i += 2) {
    const float radius = radiusOf(r.w[i]);
    float cosine, sine;
    turn(r.w[i + 1], &cosine, &sine);
    n[i] = radius * cosine;
    n[i + 1] = radius * sine;
  }
}

}  // namespace ir::cuda
