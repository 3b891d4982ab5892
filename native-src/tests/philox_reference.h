// Philox 4x32-10 from its paper, forwards and backwards, and the normals that the layout in ir/philox.h makes of it, in long double.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>

#include "ir/philox.h"

namespace ir::test {

using Words = std::array<uint32_t, 4>;

inline Words philoxForward(Words c, uint64_t seed) {
  for (uint32_t round = 0; round < 10; ++round) {
    const uint32_t k0 = uint32_t(seed) + round * 0x9E3779B9u, k1 = uint32_t(seed >> 32) + round * 0xBB67AE85u;
    const uint64_t p = uint64_t{0xD2511F53} * c[0], q = uint64_t{0xCD9E8D57} * c[2];
    c = {uint32_t(q >> 32) ^ c[1] ^ k0, uint32_t(q), uint32_t(p >> 32) ^ c[3] ^ k1, uint32_t(p)};
  }
  return c;
}

inline uint32_t inverse(uint32_t odd) {
  uint32_t x = odd;
  for (int i = 0; i < 5; ++i) x *= 2 - odd * x;
  return x;
}

/// The counter whose output is `w`: each round multiplies by odd numbers, so it can be undone.
inline Words philoxBackward(Words w, uint64_t seed) {
  const uint32_t inverse0 = inverse(0xD2511F53u), inverse1 = inverse(0xCD9E8D57u);
  for (uint32_t round = 10; round-- > 0;) {
    const uint32_t k0 = uint32_t(seed) + round * 0x9E3779B9u, k1 = uint32_t(seed >> 32) + round * 0xBB67AE85u;
    const uint32_t c0 = w[3] * inverse0, c2 = w[1] * inverse1;
    const uint64_t p = uint64_t{0xD2511F53} * c0, q = uint64_t{0xCD9E8D57} * c2;
    w = {c0, w[0] ^ uint32_t(q >> 32) ^ k0, c2, w[2] ^ uint32_t(p >> 32) ^ k1};
  }
  return w;
}

/// The normal made of output word `lane` and its partner.
inline double normalOf(const Words& w, int lane) {
  const auto uniform = [](uint32_t word) { return ((long double)word + 0.5L) * 0x1p-32L; };
  const long double radius = std::sqrt(-2 * std::log(uniform(w[lane & 2]))), angle = 2 * std::acos(-1.0L) * uniform(w[(lane & 2) + 1]);
  return double(radius * (lane & 1 ? std::sin(angle) : std::cos(angle)));
}

inline double normalAt(const NoiseKey& key, uint64_t position) {
  const uint64_t block = position >> 2;
  return normalOf(philoxForward({uint32_t(block), uint32_t(block >> 32), key.step, key.stream}, key.seed), int(position & 3));
}

}  // namespace ir::test
