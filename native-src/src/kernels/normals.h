// Standard normals in vectors (variant pass only): Philox, then Box-Muller, put in order. Within 24 eps (eps = 2^-24; 1.4e-6) of the
// double-precision definition; AVX2 and CUDA are equal to the bit. The worst that a search finds (bench/normals.cpp: all radii, and the worst of them
// with angles) is 22.6 eps with AVX-512, 20.1 with AVX2, 20.5 with the base set.
#pragma once
#if defined(__AVX512F__)
#include "kernels/box_muller_avx512.h"
#else
#include "kernels/box_muller.h"
#endif

namespace ir::IR_NS {

constexpr int kPairsInStep = kVectors / 2;      // vectors that Box-Muller takes in step; with more, registers run out
constexpr size_t kNormalsStride = 4 * kBlocks;  // elements made at once

/// a0 b0 a1 b1 and a2 b2 a3 b3 of every four lanes.
static inline void unpack(vf a, vf b, vf* low, vf* high) {
#if defined(__AVX512F__)
  *low = (vf)_mm512_unpacklo_ps((__m512)a, (__m512)b);
  *high = (vf)_mm512_unpackhi_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  *low = (vf)_mm256_unpacklo_ps((__m256)a, (__m256)b);
  *high = (vf)_mm256_unpackhi_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  *low = (vf)_mm_unpacklo_ps((__m128)a, (__m128)b);
  *high = (vf)_mm_unpackhi_ps((__m128)a, (__m128)b);
#else
  *low = vf{a[0], b[0], a[1], b[1]};
  *high = vf{a[2], b[2], a[3], b[3]};
#endif
}

/// kNormalsStride normals for positions 4 block .. 4 block + kNormalsStride - 1.
static inline void normalsOfBlocks(uint64_t block, const NoiseField& field, float* dst) {
  PhiloxVectors words;
  philoxVectors(block, field, &words);
#pragma GCC unroll 8
  for (int g = 0; g < kVectors; g += kPairsInStep) {
    vf n0[kPairsInStep], n1[kPairsInStep];
    boxMuller(words.even + g, words.odd + g, n0, n1);
    IR_EACH(i, kPairsInStep) {
      // four lanes of (n0, n1) are the normals of two blocks; blockOfLane() makes the blocks of `low` those before the blocks of `high`
      vf low, high;
      unpack(n0[i], n1[i], &low, &high);
      store(dst + 2 * kF * (g + i), low);
      store(dst + 2 * kF * (g + i) + kF, high);
    }
  }
}

constexpr size_t kNormalsTile = 1024;
constexpr size_t kNormalsScratch = kNormalsTile + kNormalsStride + 4;

/// Up to kNormalsTile normals for positions position .. position + n - 1; the result starts at the returned pointer into `scratch`
/// (kNormalsScratch floats), because a tile need not start on a block.
static inline const float* normalsTile(uint64_t position, size_t n, const NoiseField& field, float* scratch) {
  const size_t shift = size_t(position & 3);
  for (size_t i = 0; i < n + shift; i += kNormalsStride) normalsOfBlocks((position + i) >> 2, field, scratch + i);
  return scratch + shift;
}

}  // namespace ir::IR_NS
