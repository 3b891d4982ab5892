// Poisson counts that are equal on every processor: built from +, -, *, /, sqrt and floor of doubles (all correctly rounded) alone.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "ir/philox.h"

namespace ir::poisson {

IR_HOST_DEVICE static inline double fromBits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
IR_HOST_DEVICE static inline uint64_t toBits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// e^x for x in [-700, 700]: x = k ln 2 + r, Taylor to the 13th power.
IR_HOST_DEVICE static inline double exponential(double x) {
  const double k = floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  double sum = 1, term = 1;
  for (int i = 1; i <= 13; ++i) {
    term = term * r / i;
    sum += term;
  }
  return sum * fromBits(uint64_t(int64_t(k) + 1023) << 52);
}

/// ln x for normal x > 0: x = 2^k m, m in [sqrt(1/2), sqrt(2)), series in s = (m - 1) / (m + 1).
IR_HOST_DEVICE static inline double logarithm(double x) {
  const uint64_t bits = toBits(x);
  int k = int(bits >> 52) - 1023;
  double m = fromBits((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++k;
  }
  const double s = (m - 1) / (m + 1), q = s * s;
  double sum = 0;
  for (int i = 21; i >= 1; i -= 2) sum = sum * q + 1.0 / i;
  return k * 0.69314718055994531 + 2 * s * sum;
}

/// ln k! by Stirling's series, moved up to k >= 10.
IR_HOST_DEVICE static inline double logFactorial(double k) {
  double shift = 0, x = k + 1;
  while (x < 10) {
    shift += logarithm(x);
    x += 1;
  }
  const double i = 1 / x, q = i * i;
  const double series = i * (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 - q / 1188))));
  return (x - 0.5) * logarithm(x) - x + 0.91893853320467274 + series - shift;
}

struct Uniforms {
  double u, v;
};

/// Two uniforms in (0, 1) with 53 bits each for attempt `j` of the element at `position`.
IR_HOST_DEVICE static inline Uniforms uniforms(uint64_t position, uint32_t attempt, const NoiseKey& key) {
  const PhiloxWords r = philox(uint32_t(position), uint32_t(position >> 32) + (attempt << 16), key.step, key.stream, key.seed);
  const auto unit = [](uint32_t high, uint32_t low) { return (double((uint64_t(high >> 5) << 26) | uint64_t(low >> 6)) + 0.5) * 0x1p-53; };
  return {unit(r.w[0], r.w[1]), unit(r.w[2], r.w[3])};
}

/// Inversion by sequential search.
IR_HOST_DEVICE static inline double countSmall(double mean, double u) {
  double p = exponential(-mean), sum = p, k = 0;
  while (u > sum && k < 200) {
    k += 1;
    p = p * mean / k;
    sum += p;
  }
  return k;
}

/// Transformed rejection with squeeze (PTRS).
IR_HOST_DEVICE static inline double countLarge(double mean, uint64_t position, const NoiseKey& key) {
  const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverseAlpha = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2), logMean = logarithm(mean);
  for (uint32_t attempt = 0; attempt < 65536; ++attempt) {
    const Uniforms r = uniforms(position, attempt, key);
    const double u = r.u - 0.5, us = 0.5 - fabs(u);
    const double k = floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && r.v <= quick) return k;
    if (k < 0 || (us < 0.013 && r.v > us)) continue;
    if (logarithm(r.v * inverseAlpha / (a / (us * us) + b)) <= k * logMean - mean - logFactorial(k)) return k;
  }
  return floor(mean + 0.5);
}

/// A Poisson count; mean >= 0 (not finite gives NaN).
IR_HOST_DEVICE static inline double count(double mean, uint64_t position, const NoiseKey& key) {
  if (!(mean < 1e15)) return NAN;
  if (mean <= 0) return 0;
  return mean < 10 ? countSmall(mean, uniforms(position, 0, key).u) : countLarge(mean, position, key);
}

}  // namespace ir::poisson
