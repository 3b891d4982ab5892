// Vectors of the instruction set being compiled (variant pass only), by GCC/Clang vector extensions. Floating-point contraction is off
// in the whole tree: a fused multiply-add happens only where fma() says so, and on the base variant it is a multiply and an add.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ir::IR_NS {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
constexpr int kF = kBytes / 4;  // floats per vector
constexpr int kD = kBytes / 8;  // doubles per vector

typedef float vf __attribute__((vector_size(kBytes)));
typedef double vd __attribute__((vector_size(kBytes)));
typedef int32_t vi __attribute__((vector_size(kBytes)));
typedef uint32_t vu __attribute__((vector_size(kBytes)));
typedef int64_t vl __attribute__((vector_size(kBytes)));
typedef uint64_t vul __attribute__((vector_size(kBytes)));

// clang-format off
static inline vf load(const float* p) { vf v; std::memcpy(&v, p, sizeof v); return v; }
static inline vd load(const double* p) { vd v; std::memcpy(&v, p, sizeof v); return v; }
// clang-format on
static inline void store(float* p, vf v) { std::memcpy(p, &v, sizeof v); }
static inline void store(double* p, vd v) { std::memcpy(p, &v, sizeof v); }
static inline vf splat(float x) { return x - vf{}; }
static inline vd splat(double x) { return x - vd{}; }
static inline vf select(vi mask, vf yes, vf no) { return mask ? yes : no; }

static inline vf fma(vf a, vf b, vf c) {
#if defined(__AVX512F__)
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
  return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}
static inline vd fma(vd a, vd b, vd c) {
#if defined(__AVX512F__)
  return (vd)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX2__)
  return (vd)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  return a * b + c;
#endif
}

}  // namespace ir::IR_NS
