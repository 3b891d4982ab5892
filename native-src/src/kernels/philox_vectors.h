// Philox on vectors of consecutive blocks (variant pass only).
//
// A word is held in the low half of a 64-bit lane, even and odd blocks apart: then one multiplication and one shift give the high half of a product,
// and the low half needs nothing, since whatever stands above a word is never looked at. Two vectors make a stride of kF blocks, and some strides are
// made in step: a processor looks only some hundred operations ahead, so chains that are to run side by side must stand side by side.
#pragma once
#include "ir/philox.h"
#include "ir/simd.h"

namespace ir::IR_NS {

constexpr int kStrides = 4;  // best of 1, 2, 3, 4 and 6 for every instruction set, although the narrower ones run out of registers
constexpr int kHalves = 2 * kStrides;
constexpr int kBlocks = kStrides * kF;  // made at once

/// Runs over vectors in step.
#define IR_EACH(i, count) _Pragma("GCC unroll 16") for (int i = 0; i < (count); ++i)

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

/// Products of the low halves of lanes.
static inline vul product(vul a, uint64_t m) {
#if defined(__AVX512F__)
  return (vul)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(int64_t(m)));
#elif defined(__AVX2__)
  return (vul)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(int64_t(m)));
#elif defined(__SSE2__)
  return (vul)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(int64_t(m)));
#else
  return (a & 0xffffffffu) * m;
#endif
}

/// The words of even and odd blocks in turn.
static inline vu interleave(vul even, vul odd) {
#if defined(__AVX512F__)
  return (vu)_mm512_mask_shuffle_epi32((__m512i)even, 0xAAAA, (__m512i)odd, _MM_PERM_CCAA);
#else
  return (vu)((even & 0xffffffffu) | (odd << 32));
#endif
}

/// Word `w` of block `block` + kF s + i in lane i of w[s]; the words stand in blocks' order.
struct PhiloxVectors {
  vu w[4][kStrides];
};

/// Where the upper half of the block's number changes among the blocks, which happens every 2^34 elements.
static inline void philoxOneByOne(uint64_t block, const NoiseKey& key, PhiloxVectors* out) {
  for (int i = 0; i < kBlocks; ++i) {
    const uint64_t b = block + uint64_t(i);
    const PhiloxWords words = philox(uint32_t(b), uint32_t(b >> 32), key.step, key.stream, key.seed);
    for (int w = 0; w < 4; ++w) out->w[w][i / kF][i % kF] = words.w[w];
  }
}

/// Output words of blocks block .. block + kBlocks - 1.
static inline void philoxVectors(uint64_t block, const NoiseKey& key, const Rounds& rounds, PhiloxVectors* out) {
  const uint32_t high = uint32_t(block >> 32);
  if (uint32_t((block + kBlocks - 1) >> 32) != high) return philoxOneByOne(block, key, out);
  // Three of the four words are the same everywhere at first, two of them after a round: that much is done once, in scalars.
  const uint64_t first = uint64_t(kPhiloxM1) * key.step;
  const uint32_t s0 = uint32_t(first >> 32) ^ high ^ rounds.low[0], s1 = uint32_t(first);
  const uint64_t second = uint64_t(kPhiloxM0) * s0;
  vul lanes;
  for (int i = 0; i < kD; ++i) lanes[i] = uint64_t(2 * i);
  vul c0[kHalves], c1[kHalves], c2[kHalves], c3[kHalves];
  IR_EACH(g, kHalves) {
    const vul p0 = product(lanes + (block + uint64_t(kF * (g / 2) + g % 2)), kPhiloxM0);
    const vul p1 = product((p0 >> 32) ^ uint64_t(key.stream ^ rounds.high[0]), kPhiloxM1);
    c0[g] = (p1 >> 32) ^ uint64_t(s1 ^ rounds.low[1]);
    c1[g] = p1;
    c2[g] = p0 ^ uint64_t(uint32_t(second >> 32) ^ rounds.high[1]);
    c3[g] = vul{} + uint64_t(uint32_t(second));
  }
#pragma GCC unroll 8
  for (int r = 2; r < 10; ++r) {
    IR_EACH(g, kHalves) {
      const vul p0 = product(c0[g], kPhiloxM0), p1 = product(c2[g], kPhiloxM1);
      c0[g] = (p1 >> 32) ^ c1[g] ^ uint64_t(rounds.low[r]);
      c1[g] = p1;
      c2[g] = (p0 >> 32) ^ c3[g] ^ uint64_t(rounds.high[r]);
      c3[g] = p0;
    }
  }
  IR_EACH(s, kStrides) {
    out->w[0][s] = interleave(c0[2 * s], c0[2 * s + 1]);
    out->w[1][s] = interleave(c1[2 * s], c1[2 * s + 1]);
    out->w[2][s] = interleave(c2[2 * s], c2[2 * s + 1]);
    out->w[3][s] = interleave(c3[2 * s], c3[2 * s + 1]);
  }
}

}  // namespace ir::IR_NS
