// The fused step: to the bit against its stated order of operations, within its bound against exact arithmetic, every combination of operands.
#include "ir/denoise_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/add_noise.h"
#include "pictures.h"
#include "refusals.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr double kEps = 0x1p-24;
constexpr double kVariantUnits = 8, kExactUnits = 12;  // stated in denoise_step.h, in eps of the sum of absolute terms

enum class NoiseFrom { None, Given, Made };

struct Case {
  bool model = true, guided = true, extra = true, clean = true;
  NoiseFrom noise = NoiseFrom::Given;
  double s = 4.5, c = 1.7, d = -1.3, r = 0, a = 0.98, b = -0.21, q = 0.4, g = -0.3, sigma = 0.2;
};

struct Operands {
  std::vector<float> z, m, mu, h, n;
};

Operands operands(size_t size, uint32_t seed) {
  Random random(seed);
  const auto vector = [&] {
    std::vector<float> v;
    v.reserve(size + 1);  // an empty operand is present all the same
    for (size_t i = 0; i < size; ++i) v.push_back(float(4 * random.unit() - 2));
    return v;
  };
  return {vector(), vector(), vector(), vector(), vector()};
}

struct Result {
  std::vector<float> out, x0;
  bool operator==(const Result& other) const { return out == other.out && x0 == other.x0; }
};

constexpr uint64_t kSeed = 77, kStream = 3, kOffset = 12345;
constexpr int kStep = 9;

DenoiseStepArgs arguments(const Case& k, const Operands& o, Result& result) {
  DenoiseStepArgs a;
  const auto span = [](const std::vector<float>& v) { return ConstSpan{v.data(), v.size()}; };
  a.z = span(o.z);
  if (k.model) a.m = span(o.m), a.b = k.b, a.d = k.d;
  if (k.model && k.guided) a.mu = span(o.mu), a.s = k.s;
  if (k.extra) a.h = span(o.h), a.g = k.g;
  if (k.noise == NoiseFrom::Given) a.n = span(o.n);
  if (k.noise != NoiseFrom::None) a.sigma = k.sigma;
  result.out.reserve(1), result.x0.reserve(1);
  if (k.clean) result.x0.assign(o.z.size(), -1e30f), a.x0 = {result.x0.data(), result.x0.size()};
  a.c = k.c, a.r = k.r, a.a = k.a, a.q = k.q;
  a.seed = kSeed, a.stream = kStream, a.step = kStep, a.offset = kOffset;
  result.out.assign(o.z.size(), -1e30f);
  a.out = {result.out.data(), result.out.size()};
  return a;
}

Result step(const Case& k, const Operands& o, const Exec& exec) {
  Result result;
  const DenoiseStepArgs a = arguments(k, o, result);
  check(a);
  run(a, exec);
  return result;
}

std::vector<float> madeNoise(size_t size, Variant v) {
  std::vector<float> n(size);
  NormalFieldArgs a;
  a.dst = {n.data(), size};
  a.seed = kSeed, a.stream = kStream, a.step = kStep, a.offset = kOffset;
  run(a, {v, 1, nullptr});
  return n;
}

/// The order of operations of denoise_step.h, one float at a time; the base set multiplies and adds where the others fuse.
Result inOrder(const Case& k, const Operands& o, const std::vector<float>& noise, Variant v) {
  const auto fma = [&](float a, float b, float c) {
    if (v != Variant::Base) return std::fma(a, b, c);
    const float product = a * b;
    return product + c;
  };
  const float s = float(k.s), c = float(k.c), d = float(k.d), r = float(k.r), a = float(k.a), b = float(k.b), q = float(k.q), g = float(k.g);
  Result result;
  for (size_t i = 0; i < o.z.size(); ++i) {
    const float m = k.model && k.guided ? fma(s, o.m[i] - o.mu[i], o.mu[i]) : o.m[i];
    float x0 = k.model ? fma(c, o.z[i], d * m) : c * o.z[i];
    if (r > 0) x0 = std::min(r, std::max(-r, x0));
    float out = a * o.z[i];
    if (k.model) out = fma(b, m, out);
    if (k.q != 0 || k.clean) out = fma(q, x0, out);
    if (k.extra) out = fma(g, o.h[i], out);
    if (k.noise != NoiseFrom::None) out = fma(float(k.sigma), noise[i], out);
    result.out.push_back(out);
    if (k.clean) result.x0.push_back(x0);
  }
  return result;
}

struct Exact {
  std::vector<double> out, x0, terms, cleanTerms;  // values, and sums of absolute terms before any cancellation
};

Exact exactly(const Case& k, const Operands& o, const std::vector<float>& noise) {
  Exact e;
  for (size_t i = 0; i < o.z.size(); ++i) {
    const double z = o.z[i], guidance = k.model && k.guided ? k.s * (double(o.m[i]) - double(o.mu[i])) : 0;
    const double plain = k.model ? double(k.guided ? o.mu[i] : o.m[i]) : 0, m = plain + guidance, terms = std::fabs(plain) + std::fabs(guidance);
    double x0 = k.c * z + k.d * m;
    if (k.r > 0) x0 = std::min(k.r, std::max(-k.r, x0));
    const double cleanTerms = std::fabs(k.c * z) + std::fabs(k.d) * terms, h = k.extra ? k.g * double(o.h[i]) : 0;
    const double n = k.noise == NoiseFrom::None ? 0 : k.sigma * double(noise[i]), b = k.model ? k.b : 0;
    e.out.push_back(k.a * z + b * m + k.q * x0 + h + n);
    e.terms.push_back(std::fabs(k.a * z) + std::fabs(b) * terms + std::fabs(k.q) * cleanTerms + std::fabs(h) + std::fabs(n));
    e.x0.push_back(x0);
    e.cleanTerms.push_back(cleanTerms);
  }
  return e;
}

template <class A, class B>
double excess(const A& got, const B& expected, const std::vector<double>& terms, double units) {
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(double(got[i]) - double(expected[i])), allowed = units * kEps * terms[i];
    worst = std::max(worst, error == 0 ? 0 : error <= allowed ? error / allowed : 2.0);
  }
  return worst;
}

/// Order of operations to the bit, exact value and other variants within the stated bounds.
void checkStep(const Case& k, const Operands& o) {
  CAPTURE(o.z.size());
  CAPTURE(k.model);
  CAPTURE(k.guided);
  CAPTURE(k.extra);
  CAPTURE(k.clean);
  CAPTURE(int(k.noise));
  CAPTURE(k.q);
  CAPTURE(k.r);
  Result base;
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const std::vector<float> noise = k.noise == NoiseFrom::Made ? madeNoise(o.z.size(), v) : o.n;
    const Result got = step(k, o, {v, 1, nullptr});
    CHECK(got == inOrder(k, o, noise, v));
    const Exact exact = exactly(k, o, noise);
    CHECK(excess(got.out, exact.out, exact.terms, kExactUnits) <= 1);
    CHECK(excess(got.x0, exact.x0, exact.cleanTerms, kExactUnits) <= 1);
    if (v == Variant::Base) base = got;
    if (k.noise == NoiseFrom::Made) continue;  // its own noise differs by 24 eps of sigma more, which add_noise_test measures
    CHECK(excess(got.out, base.out, exact.terms, kVariantUnits) <= 1);
    CHECK(excess(got.x0, base.x0, exact.cleanTerms, kVariantUnits) <= 1);
  }
}

}  // namespace

TEST_CASE("denoise: every combination of operands at every small size") {
  for (size_t size = 0; size <= 70; ++size) {
    const Operands o = operands(size, uint32_t(size));
    for (int bits = 0; bits < 64; ++bits)
      for (const NoiseFrom noise : {NoiseFrom::None, NoiseFrom::Given, NoiseFrom::Made}) {
        Case k;
        k.model = bits & 1, k.guided = bits & 2, k.extra = bits & 4, k.clean = bits & 8, k.noise = noise;
        if (bits & 16) k.q = 0;
        if (bits & 32) k.r = 0.9;
        if (k.guided && !k.model) continue;
        checkStep(k, o);
      }
  }
}

TEST_CASE("denoise: around the edges of tiles and bands, every thread count to the bit") {
  for (const size_t size : {size_t(1023), size_t(1024), size_t(1025), size_t(2111), size_t(65535), size_t(65537), size_t(300001)}) {
    const Operands o = operands(size, 5);
    for (const NoiseFrom noise : {NoiseFrom::None, NoiseFrom::Given, NoiseFrom::Made}) {
      Case k;
      k.noise = noise;
      checkStep(k, o);
      for (const Variant v : variants()) {
        const Result one = step(k, o, {v, 1, nullptr});
        for (const int threads : {2, 3, 8}) CHECK(step(k, o, {v, threads, nullptr}) == one);
      }
    }
  }
}

TEST_CASE("denoise: the bounds hold where terms cancel") {
  const size_t size = 4096;
  Random random(31);
  const auto about = [&](double x) { return float(x * (1 + 1e-6 * (random.unit() - 0.5))); };
  Operands o = operands(size, 9);
  for (size_t i = 0; i < size; ++i) {
    o.m[i] = about(0.5 * double(o.mu[i]));  // s = 2: m_u + 2 (m_c - m_u) is almost 0
    o.z[i] = about(-double(o.h[i]));
  }
  Case k;
  k.s = 2;
  k.a = k.g = 0.77;  // a z + g h is almost 0
  for (const double c : {0.0, 0.3})
    for (const double sigma : {1e-7, 0.5}) {
      k.c = c, k.sigma = sigma;
      checkStep(k, o);
    }
  for (size_t i = 0; i < size; ++i) o.m[i] = about(1.7 / 1.3 * double(o.z[i]));  // c z + d m is almost 0
  k = {};
  k.guided = false;
  checkStep(k, o);
  k.a = 1 / 3.0, k.b = -k.a * 1.3 / 1.7;
  k.q = 0, k.extra = false, k.noise = NoiseFrom::None;  // a z + b m is almost 0
  checkStep(k, o);
}

TEST_CASE("denoise: out may be any input") {
  for (const size_t size : {1, 15, 16, 33, 1030, 70001})
    for (const NoiseFrom noise : {NoiseFrom::Given, NoiseFrom::Made})
      for (const Variant v : variants()) {
        Case k;
        k.noise = noise;
        const Operands o = operands(size, 3);
        const Result expected = step(k, o, {v, 1, nullptr});
        for (const auto which : {&Operands::z, &Operands::m, &Operands::mu, &Operands::h, &Operands::n})
          for (const auto cleanInto : {&Operands::z, &Operands::m, &Operands::mu, &Operands::h, &Operands::n}) {
            if (which == cleanInto) continue;
            Operands p = o;
            Result result;
            DenoiseStepArgs a = arguments(k, p, result);
            a.out.data = (p.*which).data();
            a.x0.data = (p.*cleanInto).data();
            run(a, {v, 2, nullptr});
            CHECK(p.*which == expected.out);
            CHECK(p.*cleanInto == expected.x0);
          }
      }
}

TEST_CASE("denoise: any alignment, and nothing outside is touched") {
  const size_t size = 133;
  const Operands o = operands(size, 8);
  const Case k;
  for (const Variant v : variants()) {
    const Result expected = step(k, o, {v, 1, nullptr});
    for (size_t shift = 0; shift < 16; ++shift) {
      const auto moved = [&](const std::vector<float>& x, size_t by) {
        std::vector<float> y(size + 48, 9e9f);
        std::copy(x.begin(), x.end(), y.begin() + ptrdiff_t(by));
        return y;
      };
      const size_t at[] = {shift,     (shift * 3 + 1) % 16, (shift * 5 + 2) % 16, (shift * 7 + 3) % 16, (shift * 11 + 4) % 16, (shift + 9) % 16,
                           15 - shift};
      const Operands p{moved(o.z, at[0]), moved(o.m, at[1]), moved(o.mu, at[2]), moved(o.h, at[3]), moved(o.n, at[4])};
      std::vector<float> out(size + 48, 9e9f), x0 = out;
      Result unused;
      DenoiseStepArgs a = arguments(k, p, unused);
      a.z = {p.z.data() + at[0], size}, a.m = {p.m.data() + at[1], size}, a.mu = {p.mu.data() + at[2], size};
      a.h = {p.h.data() + at[3], size}, a.n = {p.n.data() + at[4], size};
      a.out = {out.data() + at[5], size}, a.x0 = {x0.data() + at[6], size};
      check(a);
      run(a, {v, 1, nullptr});
      CHECK(out == moved(expected.out, at[5]));
      CHECK(x0 == moved(expected.x0, at[6]));
    }
  }
}

TEST_CASE("denoise: the result does not depend on where in a cache line the output begins") {
  constexpr size_t kLine = 16;
  for (const Variant v : variants())
    for (const NoiseFrom noise : {NoiseFrom::None, NoiseFrom::Made})
      for (const uint64_t offset : {uint64_t{12344}, kOffset})  // from a block of four normals, and from within one
        for (const size_t size : {1, 4, 12, 13, 16, 17, 100, 66000}) {
          Case k;
          k.noise = noise, k.clean = false;
          const Operands o = operands(size, 4);
          Result result;
          DenoiseStepArgs a = arguments(k, o, result);
          a.offset = offset;
          run(a, {v, 1, nullptr});
          for (size_t at = 0; at < kLine; ++at) {
            CAPTURE(size);
            CAPTURE(at);
            std::vector<float> moved(size + 2 * kLine, -1e30f);
            a.out.data = moved.data() + kLine / 2 + at;
            run(a, {v, 2, nullptr});
            CHECK(std::equal(result.out.begin(), result.out.end(), a.out.data));
            CHECK(a.out.data[-1] == -1e30f);
            CHECK(a.out.data[size] == -1e30f);
          }
        }
}

TEST_CASE("denoise: made noise is the field of the same key, from any offset") {
  for (const Variant v : variants())
    for (const size_t size : {1, 5, 64, 1000, 1030, 66000}) {
      const Operands o = operands(size, 2);
      Case made, given;
      made.noise = NoiseFrom::Made;
      Operands p = o;
      p.n = madeNoise(size, v);
      CHECK(step(made, o, {v, 2, nullptr}) == step(given, p, {v, 2, nullptr}));
    }
}

TEST_CASE("denoise: operands with coefficient 0 are not read") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Operands good = operands(100, 6);
  Operands bad = good;
  const auto spoil = [&](std::vector<float>& v) { std::fill(v.begin(), v.end(), nan); };
  for (const Variant v : variants()) {
    const auto same = [&](const Case& k) { CHECK(step(k, bad, {v, 1, nullptr}) == step(k, good, {v, 1, nullptr})); };
    Case k;
    bad = good, k = {}, k.sigma = 0, spoil(bad.n);
    same(k);
    bad = good, k = {}, k.g = 0, spoil(bad.h);
    same(k);
    bad = good, k = {}, k.s = 1, spoil(bad.mu);
    same(k);
    bad = good, k = {}, k.b = k.d = 0, spoil(bad.m), spoil(bad.mu);
    same(k);
    bad = good, k = {}, k.b = k.q = 0, k.clean = false, spoil(bad.m), spoil(bad.mu);
    same(k);
    // and each is read where it counts
    for (const auto which : {&Operands::z, &Operands::m, &Operands::mu, &Operands::h, &Operands::n}) {
      bad = good, spoil(bad.*which);
      const Result r = step({}, bad, {v, 1, nullptr});
      CHECK(std::all_of(r.out.begin(), r.out.end(), [](float x) { return std::isnan(x); }));
    }
  }
}

TEST_CASE("denoise: clipping bounds the clean sample, and passes not-a-number on") {
  Operands o = operands(67, 4);
  for (float& x : o.z) x *= 100;
  o.z[13] = std::numeric_limits<float>::quiet_NaN();
  Case k;
  k.r = 1;
  k.guided = false;
  for (const Variant v : variants()) {
    const Result r = step(k, o, {v, 1, nullptr});
    int ends = 0;
    for (size_t i = 0; i < r.x0.size(); ++i) {
      CHECK(std::isnan(r.x0[i]) == (i == 13));
      CHECK_FALSE(std::fabs(r.x0[i]) > 1);
      ends += std::fabs(r.x0[i]) == 1;
    }
    CHECK(ends > 50);
  }
}

TEST_CASE("denoise: Eq. 10 of the paper with its own symbols") {
  const double alpha = 0.9987, bar = 0.42, sigma = 0.03, a = 1 / std::sqrt(alpha), b = -(1 - alpha) / (std::sqrt(1 - bar) * std::sqrt(alpha));
  const Operands o = operands(257, 1);
  for (const Variant v : variants()) {
    std::vector<float> out(257);
    DenoiseStepArgs args;
    args.z = {o.z.data(), 257}, args.m = {o.m.data(), 257}, args.n = {o.n.data(), 257}, args.out = {out.data(), 257};
    args.a = a, args.b = b, args.sigma = sigma;
    check(args);
    run(args, {v, 1, nullptr});
    for (size_t i = 0; i < 257; ++i) {
      const double z = o.z[i], eps = o.m[i], n = o.n[i];
      const double expected = (z - (1 - alpha) / std::sqrt(1 - bar) * eps) / std::sqrt(alpha) + sigma * n;
      CHECK(std::fabs(double(out[i]) - expected) <= kExactUnits * kEps * (std::fabs(a * z) + std::fabs(b * eps) + std::fabs(sigma * n)));
    }
  }
}

TEST_CASE("denoise: refusals say what was expected") {
  const Operands o = operands(8, 1);
  const auto with = [&](auto change) {
    Result result;
    DenoiseStepArgs a = arguments({}, o, result);
    change(a);
    return refusal([&] { check(a); });
  };
  using Args = DenoiseStepArgs;
  CHECK(with([](Args&) {}) == kAccepted);
  const std::pair<const char*, ConstSpan Args::*> inputs[] = {{"m", &Args::m}, {"mu", &Args::mu}, {"h", &Args::h}, {"n", &Args::n}};
  for (const auto& [name, member] : inputs)
    CHECK(with([member = member](Args& a) { (a.*member).size = 7; }) ==
          Refusal{"IR_E_SHAPE", std::string("expected ") + name + " to have the length of z, 8, got 7"});
  CHECK(with([](Args& a) { a.out.size = 9; }) == Refusal{"IR_E_SHAPE", "expected out to have the length of z, 8, got 9"});
  CHECK(with([](Args& a) { a.x0.size = 0; }) == Refusal{"IR_E_SHAPE", "expected x0 to have the length of z, 8, got 0"});
  for (const auto member : {&Args::s, &Args::c, &Args::d, &Args::r, &Args::a, &Args::b, &Args::q, &Args::g, &Args::sigma})
    for (const double bad : {std::nan(""), double(INFINITY), -double(INFINITY), 1e39})
      CHECK(with([&](Args& a) { a.*member = bad; }).message.find("expected finite coefficients") == 0);
  CHECK(with([](Args& a) { a.m = a.mu = {}; }) == Refusal{"IR_E_ARGUMENT", "expected m, because b or d is not 0"});
  CHECK(with([](Args& a) { a.m = {}, a.b = a.d = 0; }) == Refusal{"IR_E_ARGUMENT", "expected m beside mu"});
  CHECK(with([](Args& a) { a.m = a.mu = {}, a.b = a.d = 0; }) == kAccepted);
  CHECK(with([](Args& a) { a.h = {}; }) == Refusal{"IR_E_ARGUMENT", "expected h, because g is not 0"});
  CHECK(with([](Args& a) { a.r = -1; }) == Refusal{"IR_E_ARGUMENT", "expected r >= 0 (0: no clipping), got -1.000000"});
  CHECK(with([](Args& a) { a.stream = uint64_t{1} << 32; }) == Refusal{"IR_E_ARGUMENT", "expected stream below 2^32"});
  CHECK(with([](Args& a) { a.step = -2; }) == Refusal{"IR_E_ARGUMENT", "expected step >= 0, got -2"});
  CHECK(with([](Args& a) { a.offset = ~uint64_t{0} - 7; }) == kAccepted);
  CHECK(with([](Args& a) { a.offset = ~uint64_t{0} - 6; }) ==
        Refusal{"IR_E_ARGUMENT", "expected offset plus length to be at most 2^64, got 18446744073709551609 plus 8"});
}
