#include "ir/denoise_step.h"

#include "ir/variants.h"

/// Plain data for the variant pass; absent operands are null.
namespace ir {
struct DenoisePlan {
  const float *z, *m, *mu, *h, *n;
  float *out, *x0;
  float s, c, d, r, a, b, q, g, sigma;
  NoiseKey key;
  unsigned long long offset;
  bool makesNoise, needsX0;
};
}  // namespace ir

IR_VARIANTS(void, denoiseBand, (const DenoisePlan& plan, size_t begin, size_t end))

#ifdef IR_VARIANT_PASS
#include "kernels/normals.h"

namespace ir::IR_NS {

struct Operands {
  vf z, m, mu, h, n;
};

template <bool Model, bool Guided, bool Clean, bool Extra, bool Noise>
static inline vf combine(const DenoisePlan& p, const Operands& o, vf* x0) {
  const vf m = Guided ? fma(splat(p.s), o.m - o.mu, o.mu) : o.m;
  vf out = p.a * o.z;
  if (Model) out = fma(splat(p.b), m, out);
  if (Clean) {
    vf clean = Model ? fma(splat(p.c), o.z, p.d * m) : p.c * o.z;
    if (p.r > 0) {
      clean = select((vi)(clean > splat(p.r)), splat(p.r), clean);
      clean = select((vi)(clean < splat(-p.r)), splat(-p.r), clean);
    }
    *x0 = clean;
    out = fma(splat(p.q), clean, out);
  }
  if (Extra) out = fma(splat(p.g), o.h, out);
  if (Noise) out = fma(splat(p.sigma), o.n, out);
  return out;
}

static inline vf loadSome(const float* p, size_t count) {
  vf v{};
  std::memcpy(&v, p, count * sizeof(float));
  return v;
}

/// How far ahead operands are fetched while noise is made, in elements: memory would otherwise wait for arithmetic, and it for memory. Without noise
/// the processor's own fetching is enough.
constexpr size_t kAhead = 1024;

/// Past the end of a vector this does nothing; an address, since a pointer must not go there.
template <bool Write>
static inline void fetch(const float* p, size_t i) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(p) + i * sizeof(float)), Write);
}

template <bool Model, bool Guided, bool Clean, bool Extra>
static inline void fetchOperands(const DenoisePlan& p, size_t i) {
  fetch<false>(p.z, i);
  if (Model) fetch<false>(p.m, i);
  if (Guided) fetch<false>(p.mu, i);
  if (Extra) fetch<false>(p.h, i);
  fetch<true>(p.out, i);
  if (Clean && p.x0) fetch<true>(p.x0, i);
}

template <bool Model, bool Guided, bool Clean, bool Extra, bool Noise, bool Ahead>
static inline void tile(const DenoisePlan& plan, const float* noise, size_t begin, size_t end) {
  const DenoisePlan p = plan;  // a copy, since stores might change the caller's, for all that the compiler knows
  size_t i = begin;
#pragma GCC unroll 2
  for (; i + kF <= end; i += kF) {
    if (Ahead) fetchOperands<Model, Guided, Clean, Extra>(p, i + kAhead);
    Operands o;
    o.z = load(p.z + i);
    if (Model) o.m = load(p.m + i);
    if (Guided) o.mu = load(p.mu + i);
    if (Extra) o.h = load(p.h + i);
    if (Noise) o.n = load(noise + (i - begin));
    vf x0;
    const vf out = combine<Model, Guided, Clean, Extra, Noise>(p, o, &x0);
    store(p.out + i, out);
    if (Clean && p.x0) store(p.x0 + i, x0);
  }
  if (i == end) return;
  const size_t rest = end - i;
  Operands o;
  o.z = loadSome(p.z + i, rest);
  if (Model) o.m = loadSome(p.m + i, rest);
  if (Guided) o.mu = loadSome(p.mu + i, rest);
  if (Extra) o.h = loadSome(p.h + i, rest);
  if (Noise) o.n = loadSome(noise + (i - begin), rest);
  vf x0;
  const vf out = combine<Model, Guided, Clean, Extra, Noise>(p, o, &x0);
  std::memcpy(p.out + i, &out, rest * sizeof(float));
  if (Clean && p.x0) std::memcpy(p.x0 + i, &x0, rest * sizeof(float));
}

template <bool Model, bool Guided, bool Clean, bool Extra>
static void band(const DenoisePlan& p, size_t begin, size_t end) {
  if (!p.makesNoise) {
    if (p.n) return tile<Model, Guided, Clean, Extra, true, false>(p, p.n + begin, begin, end);
    return tile<Model, Guided, Clean, Extra, false, false>(p, nullptr, begin, end);
  }
  alignas(64) float scratch[kNormalsScratch];
  const NoiseField field = fieldOf(p.key);
  // where positions start on a block, tiles as small as can be
  const size_t step = (p.offset + begin) % 4 == 0 ? kNormalsStride : kNormalsTile;
  for (size_t i = begin; i < end; i += step) {
    const size_t count = end - i < step ? end - i : step;
    tile<Model, Guided, Clean, Extra, true, true>(p, normalsTile(p.offset + i, count, field, scratch), i, i + count);
  }
}

template <bool Model, bool Guided>
static void bandOf(const DenoisePlan& p, size_t begin, size_t end) {
  if (p.needsX0) return p.h ? band<Model, Guided, true, true>(p, begin, end) : band<Model, Guided, true, false>(p, begin, end);
  return p.h ? band<Model, Guided, false, true>(p, begin, end) : band<Model, Guided, false, false>(p, begin, end);
}

void denoiseBand(const DenoisePlan& p, size_t begin, size_t end) {
  if (!p.m) return bandOf<false, false>(p, begin, end);
  return p.mu ? bandOf<true, true>(p, begin, end) : bandOf<true, false>(p, begin, end);
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/noise_checks.h"

namespace ir {
namespace {

void checkLength(const char* name, const float* data, size_t size, size_t expected) {
  require(!data || size == expected, Code::Shape,
          std::string("expected ") + name + " to have the length of z, " + std::to_string(expected) + ", got " + std::to_string(size));
}

constexpr size_t kBand = 1 << 16;
constexpr size_t kLine = 16;                                   // floats of a cache line
constexpr size_t kAlone = 1 << 18, kAloneWithNoise = 1 << 16;  // below this many elements one thread is faster than waking a second

/// Elements before the first whole vector of the output: from there on no vector straddles two cache lines, where the operands lie alike, as large
/// arrays do (a quarter faster from the cache, a twentieth from memory). None where that would part a block of four normals.
size_t headOf(const float* out, size_t n) {
  const size_t past = reinterpret_cast<uintptr_t>(out) / sizeof(float) % kLine;
  const size_t head = (kLine - past) % kLine;
  return head % 4 == 0 && head < n ? head : 0;
}

}  // namespace

void check(const DenoiseStepArgs& a) {
  const size_t n = a.z.size;
  checkLength("m", a.m.data, a.m.size, n);
  checkLength("mu", a.mu.data, a.mu.size, n);
  checkLength("h", a.h.data, a.h.size, n);
  checkLength("n", a.n.data, a.n.size, n);
  checkLength("out", a.out.data, a.out.size, n);
  checkLength("x0", a.x0.data, a.x0.size, n);
  for (const double x : {a.s, a.c, a.d, a.r, a.a, a.b, a.q, a.g, a.sigma})
    require(std::fabs(x) <= double(std::numeric_limits<float>::max()), Code::Argument,
            "expected finite coefficients within float32, got " + std::to_string(x));
  require(a.m.data || (a.b == 0 && a.d == 0), Code::Argument, "expected m, because b or d is not 0");
  require(!a.mu.data || a.m.data, Code::Argument, "expected m beside mu");
  require(a.h.data || a.g == 0, Code::Argument, "expected h, because g is not 0");
  require(a.r >= 0, Code::Argument, "expected r >= 0 (0: no clipping), got " + std::to_string(a.r));
  checkNoiseKey(a.stream, a.step);
  checkPositions(a.offset, n);
}

void run(const DenoiseStepArgs& a, const Exec& exec) {
  const bool model = a.m.data && (a.b != 0 || (a.d != 0 && a.needsX0()));
  const bool guided = model && a.mu.data && a.s != 1;  // s = 1 reads no m_u
  const DenoisePlan plan{a.z.data,
                         model ? a.m.data : nullptr,
                         guided ? a.mu.data : nullptr,
                         a.g != 0 ? a.h.data : nullptr,
                         a.sigma != 0 ? a.n.data : nullptr,
                         a.out.data,
                         a.x0.data,
                         float(a.s),
                         float(a.c),
                         float(a.d),
                         float(a.r),
                         float(a.a),
                         float(a.b),
                         float(a.q),
                         float(a.g),
                         float(a.sigma),
                         a.key(),
                         a.offset,
                         a.makesNoise(),
                         a.needsX0()};
  const auto band = denoiseBandFor(exec.variant);
  const size_t n = a.z.size, head = headOf(a.out.data, n);
  Exec how = exec;
  if (n < (plan.makesNoise ? kAloneWithNoise : kAlone)) how.threads = 1;
  parallelFor(how, (n - head + kBand - 1) / kBand, [&](size_t i) {
    if (i == 0) band(plan, 0, head);
    band(plan, head + i * kBand, std::min(n, head + (i + 1) * kBand));
  });
}

}  // namespace ir
#endif
