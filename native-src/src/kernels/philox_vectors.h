// Philox on vectors of blocks (variant pass only).
//
// A word is held in the low half of a 64-bit lane: then one multiplication and one shift give the high half of a product, and the low half needs
// nothing, since whatever stands above a word is never looked at. Some vectors are made in step: a processor looks only some hundred operations
// ahead, so chains that are to run side by side must stand side by side.
#pragma once
#include "ir/philox.h"
#include "ir/simd.h"

namespace ir::IR_NS {

constexpr int kVectors = kBytes == 64 ? 4 : 8;  // in step. AVX-512 alone is 7 % faster with 6, but then waits longer for memory between
constexpr int kBlocks = kVectors * kD;          // made at once

/// Runs over vectors in step.
#define IR_EACH(i, count) _Pragma("GCC unroll 16") for (int i = 0; i < (count); ++i)

/// A field of noise: its key, and the ten round keys as lanes take them.
struct NoiseField {
  NoiseKey key;
  uint64_t low[10], high[10];
};

static inline NoiseField fieldOf(const NoiseKey& key) {
  NoiseField field;
  field.key = key;
  for (uint32_t i = 0; i < 10; ++i) {
    field.low[i] = uint32_t(key.seed) + i * kPhiloxW0;
    field.high[i] = uint32_t(key.seed >> 32) + i * kPhiloxW1;
  }
  return field;
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

/// The low halves of `even`'s lanes, each below that of `odd`'s.
static inline vul join(vul even, vul odd) {
#if defined(__AVX512F__)
  return (vul)_mm512_mask_shuffle_epi32((__m512i)even, 0xAAAA, (__m512i)odd, _MM_PERM_CCAA);
#elif defined(__AVX2__)
  return (vul)_mm256_blend_epi32((__m256i)even, _mm256_shuffle_epi32((__m256i)odd, 0xA0), 0xAA);
#else
  return (even & 0xffffffffu) | (odd << 32);
#endif
}

/// The upper halves of `even`'s lanes, each below that of `odd`'s.
static inline vul joinUpper(vul even, vul odd) {
#if defined(__AVX512F__)
  return (vul)_mm512_mask_shuffle_epi32((__m512i)odd, 0x5555, (__m512i)even, _MM_PERM_DDBB);
#elif defined(__AVX2__)
  return (vul)_mm256_blend_epi32((__m256i)odd, _mm256_shuffle_epi32((__m256i)even, 0xF5), 0x55);
#else
  return (even >> 32) | (odd & 0xffffffff00000000u);
#endif
}

/// Which of a vector's kD blocks stands in 64-bit lane d. So ordered, one unpacking of what Box-Muller makes puts normals in their places
/// (normals.h).
static inline int blockOfLane(int d) { return d / 2 + d % 2 * (kD / 2); }

/// Words of kBlocks consecutive blocks: lanes 2 d and 2 d + 1 of vector g hold words 0 and 2 (`even`), or 1 and 3 (`odd`), of block
/// kD g + blockOfLane(d).
struct PhiloxVectors {
  vu even[kVectors], odd[kVectors];
};

/// Where the upper half of the block's number changes among the blocks, which happens every 2^34 elements.
__attribute__((noinline, cold)) static void philoxOneByOne(uint64_t block, const NoiseKey& key, PhiloxVectors* out) {
  for (int g = 0; g < kVectors; ++g)
    for (int d = 0; d < kD; ++d) {
      const uint64_t b = block + uint64_t(kD * g + blockOfLane(d));
      const PhiloxWords words = philox(uint32_t(b), uint32_t(b >> 32), key.step, key.stream, key.seed);
      out->even[g][2 * d] = words.w[0], out->even[g][2 * d + 1] = words.w[2];
      out->odd[g][2 * d] = words.w[1], out->odd[g][2 * d + 1] = words.w[3];
    }
}

/// Output words of blocks block .. block + kBlocks - 1.
static inline void philoxVectors(uint64_t block, const NoiseField& field, PhiloxVectors* out) {
  const NoiseKey& key = field.key;
  const uint32_t high = uint32_t(block >> 32);
  if (uint32_t((block + kBlocks - 1) >> 32) != high) return philoxOneByOne(block, key, out);
  // Three of the four words are the same everywhere at first, two of them after a round: that much is done once, in scalars. And the first products
  // of consecutive blocks are a constant apart.
  const uint64_t m0 = kPhiloxM0, first = uint64_t(kPhiloxM1) * key.step, second = m0 * (uint32_t(first >> 32) ^ high ^ field.low[0]);
  const uint64_t k1 = key.stream ^ field.high[0], k2 = uint32_t(first) ^ field.low[1], k3 = (second >> 32) ^ field.high[1],
                 k4 = uint32_t(second) ^ field.high[2];
  vul start;
  for (int d = 0; d < kD; ++d) start[d] = uint64_t(blockOfLane(d)) * kPhiloxM0;
  start += uint32_t(block) * m0;
  vul c0[kVectors], c1[kVectors], c2[kVectors], c3[kVectors];
  IR_EACH(g, kVectors) {
    const vul p0 = start + uint64_t(kD * g) * kPhiloxM0, p1 = product((p0 >> 32) ^ k1, kPhiloxM1);
    c0[g] = (p1 >> 32) ^ k2, c1[g] = p1, c2[g] = p0 ^ k3;
  }
  IR_EACH(g, kVectors) {
    const vul p0 = product(c0[g], kPhiloxM0), p1 = product(c2[g], kPhiloxM1);
    c0[g] = (p1 >> 32) ^ c1[g] ^ field.low[2], c1[g] = p1;
    c2[g] = (p0 >> 32) ^ k4, c3[g] = p0;
  }
#pragma GCC unroll 8
  for (int r = 3; r < 9; ++r) {
    IR_EACH(g, kVectors) {
      const vul p0 = product(c0[g], kPhiloxM0), p1 = product(c2[g], kPhiloxM1);
      c0[g] = (p1 >> 32) ^ c1[g] ^ field.low[r], c1[g] = p1;
      c2[g] = (p0 >> 32) ^ c3[g] ^ field.high[r], c3[g] = p0;
    }
  }
  const uint64_t last = field.low[9] | field.high[9] << 32;
  IR_EACH(g, kVectors) {
    const vul p0 = product(c0[g], kPhiloxM0), p1 = product(c2[g], kPhiloxM1);
    out->even[g] = (vu)(joinUpper(p1, p0) ^ join(c1[g], c3[g]) ^ last);
    out->odd[g] = (vu)join(p1, p0);
  }
}

}  // namespace ir::IR_NS
