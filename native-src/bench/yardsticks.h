// What a kernel can at best reach on this machine, run like one: plain streams of memory, and multiply-adds that never wait. Compiled for each
// instruction set, as the kernels are, so that both sides of a ratio use the same one.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/exec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define IR_AVX2 __attribute__((target("avx2,fma")))
#if defined(__clang__)
#define IR_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#else
#define IR_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif
#endif

namespace ir::bench {

constexpr int kChains = 12;  // independent sums: more than latency times issue width of any processor at hand

// ---- streams: `Reads` vectors in, one out

template <int Reads>
inline __attribute__((always_inline)) void addStreams(const float* const* in, float* __restrict out, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    float sum = in[0][i];
    for (int k = 1; k < Reads; ++k) sum += in[k][i];
    out[i] = sum;
  }
}

template <int Reads>
void streamBase(const float* const* in, float* out, size_t begin, size_t end) {
  addStreams<Reads>(in, out, begin, end);
}
#if defined(__x86_64__)
template <int Reads>
IR_AVX2 void streamAvx2(const float* const* in, float* out, size_t begin, size_t end) {
  addStreams<Reads>(in, out, begin, end);
}
template <int Reads>
IR_AVX512 void streamAvx512(const float* const* in, float* out, size_t begin, size_t end) {
  addStreams<Reads>(in, out, begin, end);
}
#endif

using StreamBand = void (*)(const float* const* in, float* out, size_t begin, size_t end);

template <int Reads>
StreamBand streamOf(Variant v) {
#if defined(__x86_64__)
  if (v == Variant::Avx512) return &streamAvx512<Reads>;
  if (v == Variant::Avx2) return &streamAvx2<Reads>;
#endif
  (void)v;
  return &streamBase<Reads>;
}

/// Adds 1 to 4 vectors of `size` floats into one, in bands of 64 Ki elements from the first cache line of `out` on, as the denoise step does.
inline void stream(const Exec& exec, const std::vector<const float*>& in, float* out, size_t size) {
  constexpr size_t kBand = 1 << 16, kLine = 16;
  const StreamBand bands[] = {streamOf<1>(exec.variant), streamOf<2>(exec.variant), streamOf<3>(exec.variant), streamOf<4>(exec.variant)};
  const StreamBand band = bands[in.size() - 1];
  const size_t head = std::min(size, (kLine - reinterpret_cast<uintptr_t>(out) / sizeof(float) % kLine) % kLine);
  band(in.data(), out, 0, head);
  parallelFor(exec, (size - head + kBand - 1) / kBand,
              [&](size_t i) { band(in.data(), out, head + i * kBand, std::min(size, head + (i + 1) * kBand)); });
}

// ---- multiply-adds: `rounds` times kChains vectors of them; returns something that depends on all

#define IR_MULTIPLY_ADDS(name, target, Scalar, Vector, splat, fmadd)  \
  target inline Scalar name(size_t rounds) {                          \
    Vector sum[kChains];                                              \
    for (int k = 0; k < kChains; ++k) sum[k] = splat(Scalar(k));      \
    const Vector x = splat(Scalar(0.5)), y = splat(Scalar(1));        \
    for (size_t r = 0; r < rounds; ++r)                               \
      for (int k = 0; k < kChains; ++k) sum[k] = fmadd(sum[k], x, y); \
    for (int k = 1; k < kChains; ++k) sum[0] += sum[k];               \
    Scalar lanes[sizeof(Vector) / sizeof(Scalar)];                    \
    __builtin_memcpy(lanes, &sum[0], sizeof lanes);                   \
    return lanes[0];                                                  \
  }

typedef float Floats4 __attribute__((vector_size(16)));
typedef double Doubles2 __attribute__((vector_size(16)));
#define IR_SPLAT(Vector) [](auto v) { return v - Vector{}; }
#define IR_MULTIPLY_THEN_ADD(a, b, c) ((a) * (b) + (c))
IR_MULTIPLY_ADDS(floatsBase, , float, Floats4, IR_SPLAT(Floats4), IR_MULTIPLY_THEN_ADD)
IR_MULTIPLY_ADDS(doublesBase, , double, Doubles2, IR_SPLAT(Doubles2), IR_MULTIPLY_THEN_ADD)
#if defined(__x86_64__)
IR_MULTIPLY_ADDS(floatsAvx2, IR_AVX2, float, __m256, _mm256_set1_ps, _mm256_fmadd_ps)
IR_MULTIPLY_ADDS(doublesAvx2, IR_AVX2, double, __m256d, _mm256_set1_pd, _mm256_fmadd_pd)
IR_MULTIPLY_ADDS(floatsAvx512, IR_AVX512, float, __m512, _mm512_set1_ps, _mm512_fmadd_ps)
IR_MULTIPLY_ADDS(doublesAvx512, IR_AVX512, double, __m512d, _mm512_set1_pd, _mm512_fmadd_pd)
#endif

/// `count` multiply-adds on floats or doubles, spread over the threads.
inline void multiplyAdds(const Exec& exec, double count, bool doubles) {
  size_t lanes = doubles ? 2 : 4;
  double (*loop)(size_t) = doubles ? [](size_t n) { return doublesBase(n); } : [](size_t n) { return double(floatsBase(n)); };
#if defined(__x86_64__)
  if (exec.variant == Variant::Avx2) {
    lanes = doubles ? 4 : 8;
    loop = doubles ? [](size_t n) { return doublesAvx2(n); } : [](size_t n) { return double(floatsAvx2(n)); };
  }
  if (exec.variant == Variant::Avx512) {
    lanes = doubles ? 8 : 16;
    loop = doubles ? [](size_t n) { return doublesAvx512(n); } : [](size_t n) { return double(floatsAvx512(n)); };
  }
#endif
  constexpr size_t kItems = 64;
  const size_t rounds = size_t(count / double(lanes * kChains * kItems)) + 1;
  double sums[kItems];
  parallelFor(exec, kItems, [&](size_t i) { sums[i] = loop(rounds); });
  asm volatile("" : : "m"(sums));  // used, as far as the compiler knows
}

}  // namespace ir::bench
