// Philox 4x32-10 (Salmon et al. 2011), the source of all noise: a pure function of (key, counter). The layout below never changes.
//   key     = the 64-bit seed (low word, high word)
//   counter = (position >> 2 low, position >> 2 high, step, stream); the element at `position` uses output word position & 3
//   u       = (word + 0.5) 2^-32;  normals by Box-Muller on words (0, 1) and (2, 3): n0 = sqrt(-2 ln u0) cos 2 pi u1, n1 = ... sin ...
// Known answers: all zero -> 6627e8d5 e169c58d bc57ac4c 9b00dbd8; all ones -> 408f276d 41c83b0e a20bc7c6 6d5451fd.
#pragma once
#include <cstdint>

#if defined(__CUDACC__)
#define IR_HOST_DEVICE __host__ __device__
#else
#define IR_HOST_DEVICE
#endif

namespace ir {

struct PhiloxWords {
  uint32_t w[4];
};

constexpr uint32_t kPhiloxM0 = 0xD2511F53u, kPhiloxM1 = 0xCD9E8D57u, kPhiloxW0 = 0x9E3779B9u, kPhiloxW1 = 0xBB67AE85u;

IR_HOST_DEVICE static inline PhiloxWords philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t seed) {
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t(kPhiloxM0) * c0, p1 = uint64_t(kPhiloxM1) * c2;
    const uint32_t n0 = uint32_t(p1 >> 32) ^ c1 ^ k0, n2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c0 = n0, c1 = uint32_t(p1), c2 = n2, c3 = uint32_t(p0);
    k0 += kPhiloxW0, k1 += kPhiloxW1;
  }
  return {{c0, c1, c2, c3}};
}

/// What fixes a field of noise besides the position.
struct NoiseKey {
  uint64_t seed = 0;
  uint32_t stream = 0, step = 0;
};

}  // namespace ir
