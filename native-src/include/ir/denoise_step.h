// The one fused step behind every sampler, one pass over memory:
//   m   = m_u + s (m_c - m_u)                      classifier-free guidance; without mu: m = m_c
//   x0  = c z + d m, clipped to [-r, r] if r > 0   the predicted clean sample
//   out = a z + b m + q x0 + g h + sigma n         z_{t-1}
// Eq. 10 of the paper: a = 1 / sqrt(alpha_t), b = -(1 - alpha_t) / (sqrt(1 - abar_t) sqrt(alpha_t)), sigma = sigma_t, q = g = 0.
// m is eps, v or x0 by the choice of c and d; h is any one further operand (the previous x0 of a multistep method, Heun's first slope, a
// reference latent, the clean start).
//
// Operands: float32 vectors of one length. Unused ones cost no traffic; sigma = 0 draws no noise; n absent and sigma != 0 makes it in the
// kernel (philox.h). `out` may be any input exactly.
// Order of operations (fixed): m = fma(s, m_c - m_u, m_u); x0 = fma(c, z, d m); out = a z, then fma of b m, q x0, g h, sigma n.
// Floor: 4 bytes per operand read and per element written; 2 to 6 FMA. Noise made here costs 192 vector instructions for 64 elements beside.
// Variants and CUDA agree within 8 eps T (eps = 2^-24), with noise made within 48 eps more of |sigma| (add_noise.h: 24 of the definition each);
// exact arithmetic is within 12 eps T.
//   T = |a z| + |b| M + |q| (|c z| + |d| M) + |g h| + |sigma n|, M = |m_u| + |s (m_c - m_u)| (without mu |m_c|): terms before they cancel.
#pragma once
#include "ir/contract.h"
#include "ir/philox.h"

namespace ir {

struct DenoiseStepArgs {
  ConstSpan z, m, mu, h, n;
  Span out, x0;
  double s = 1, c = 0, d = 0, r = 0, a = 0, b = 0, q = 0, g = 0, sigma = 0;
  uint64_t seed = 0, stream = 0, offset = 0;
  int step = 0;

  template <class V>
  void visit(V& v) {
    v.in("z", z);
    v.inOptional("m", m);
    v.inOptional("mu", mu);
    v.inOptional("h", h);
    v.inOptional("n", n);
    v.out("out", out);
    v.outOptional("x0", x0);
    v.number("s", s, 1.0);
    v.number("c", c, 0.0);
    v.number("d", d, 0.0);
    v.number("r", r, 0.0);
    v.number("a", a);
    v.number("b", b, 0.0);
    v.number("q", q, 0.0);
    v.number("g", g, 0.0);
    v.number("sigma", sigma, 0.0);
    v.wide("seed", seed, 0);
    v.wide("stream", stream, 0);
    v.integer("step", step, 0);
    v.wide("offset", offset, 0);
    v.inPlace();
  }

  bool makesNoise() const { return sigma != 0 && !n.data; }
  bool needsX0() const { return q != 0 || x0.data; }
  NoiseKey key() const { return {seed, uint32_t(stream), uint32_t(step)}; }
};

void check(const DenoiseStepArgs&);
void run(const DenoiseStepArgs&, const Exec&);
void runCuda(const DenoiseStepArgs&, CudaStream);

}  // namespace ir
