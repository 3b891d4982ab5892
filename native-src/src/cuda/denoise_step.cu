// The fused step on the device: four elements a thread, each operand read once; made noise is that of the thread's own Philox block.
// The operations and their order are the CPU's: equal to its AVX2 and AVX-512 variants to the bit; with made noise, to AVX2's.
#include "ir/denoise_step.h"

#include "cuda/normals.h"
#include "cuda/quads.h"

namespace ir {
namespace {

using namespace cuda;

/// Absent operands are null.
struct Step {
  const float *z, *m, *mu, *h, *n;
  float *out, *x0;
  float s, c, d, r, a, b, q, g, sigma;
  bool needsX0, aligned;
  long long size;
  int shift;  // position of element 0 in its Philox block
  uint64_t block;
  NoiseKey key;
};

template <bool MakesNoise>
__global__ void __launch_bounds__(kThreads) denoise(const __grid_constant__ Step p) {
  const long long quads = (p.size + p.shift + 3) / 4;
  for (long long i = globalThread(); i < quads; i += globalThreads()) {
    const Quad quad = quadOf(i, p.shift, p.size, p.aligned);
    float z[4], m[4], mu[4], h[4], n[4], out[4], x0[4];
    quad.load(p.z, z);
    if (p.m) quad.load(p.m, m);
    if (p.mu) quad.load(p.mu, mu);
    if (p.h) quad.load(p.h, h);
    if (!MakesNoise && p.n) quad.load(p.n, n);
    if (MakesNoise) normalsOfBlock(p.block + uint64_t(i), p.key, n);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      if (p.mu) m[j] = fmaf(p.s, m[j] - mu[j], mu[j]);
      out[j] = p.a * z[j];
      if (p.m) out[j] = fmaf(p.b, m[j], out[j]);
      if (p.needsX0) {
        float clean = p.m ? fmaf(p.c, z[j], p.d * m[j]) : p.c * z[j];
        if (p.r > 0) {  // by comparison, so that not-a-number stays
          clean = clean > p.r ? p.r : clean;
          clean = clean < -p.r ? -p.r : clean;
        }
        x0[j] = clean;
        out[j] = fmaf(p.q, clean, out[j]);
      }
      if (p.h) out[j] = fmaf(p.g, h[j], out[j]);
      if (MakesNoise || p.n) out[j] = fmaf(p.sigma, n[j], out[j]);
    }
    quad.store(p.out, out);
    if (p.x0) quad.store(p.x0, x0);
  }
}

Step stepOf(const DenoiseStepArgs& a) {
  const bool model = a.m.data && (a.b != 0 || (a.d != 0 && a.needsX0()));
  Step p{};
  p.z = a.z.data;
  p.m = model ? a.m.data : nullptr;
  p.mu = model && a.s != 1 ? a.mu.data : nullptr;  // s = 1 reads no m_u
  p.h = a.g != 0 ? a.h.data : nullptr;
  p.n = a.sigma != 0 ? a.n.data : nullptr;
  p.out = a.out.data;
  p.x0 = a.x0.data;
  p.s = float(a.s), p.c = float(a.c), p.d = float(a.d), p.r = float(a.r), p.a = float(a.a);
  p.b = float(a.b), p.q = float(a.q), p.g = float(a.g), p.sigma = float(a.sigma);
  p.needsX0 = a.needsX0();
  p.aligned = aligned(p.z) && aligned(p.m) && aligned(p.mu) && aligned(p.h) && aligned(p.n) && aligned(p.out) && aligned(p.x0);
  p.size = (long long)a.z.size;
  p.shift = a.makesNoise() ? int(a.offset & 3) : 0;
  p.block = a.offset >> 2;
  p.key = a.key();
  return p;
}

}  // namespace

void runCuda(const DenoiseStepArgs& a, CudaStream stream) {
  const Step step = stepOf(a);
  if (step.size == 0) return;
  const dim3 grid = gridFor((step.size + step.shift + 3) / 4);
  if (a.makesNoise())
    IR_CUDA_LAUNCH(denoise<true>, grid, stream, step);
  else
    IR_CUDA_LAUNCH(denoise<false>, grid, stream, step);
}

}  // namespace ir
