// Vectors of bytes as floats and back (variant pass only).
#pragma once
#include "ir/simd.h"

namespace ir::IR_NS {

typedef uint8_t vb __attribute__((vector_size(kF)));

/// kF bytes as floats.
static inline vf widened(const uint8_t* p) {
#if defined(__AVX512F__)
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)p)));
#elif defined(__AVX2__)
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p)));
#elif defined(__SSE2__)
  int32_t four;
  std::memcpy(&four, p, sizeof four);
  const __m128i zero = _mm_setzero_si128();
  return (vf)_mm_cvtepi32_ps(_mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero), zero));
#else
  vb b;
  std::memcpy(&b, p, sizeof b);
  return __builtin_convertvector(b, vf);
#endif
}

/// Rounds half up, limits to 0..255; not-a-number gives 0.
static inline vb rounded(vf v) {
  v += 0.5f;
  v = v > 0.0f ? v : splat(0.0f);
  v = v < 255.0f ? v : splat(255.0f);
  const vi level = __builtin_convertvector(v, vi);
#if defined(__AVX512F__)
  return (vb)_mm512_cvtepi32_epi8((__m512i)level);
#elif defined(__AVX2__)
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)level), _mm256_extracti128_si256((__m256i)level, 1));
  const int64_t low = _mm_cvtsi128_si64(_mm_packus_epi16(words, words));
  vb b;
  std::memcpy(&b, &low, sizeof b);
  return b;
#elif defined(__SSE2__)
  const __m128i words = _mm_packs_epi32((__m128i)level, (__m128i)level);
  const int32_t low = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  vb b;
  std::memcpy(&b, &low, sizeof b);
  return b;
#else
  return __builtin_convertvector(level, vb);
#endif
}

static inline void storeRounded(uint8_t* p, vf v, size_t count) {
  const vb b = rounded(v);
  std::memcpy(p, &b, count);
}

}  // namespace ir::IR_NS
