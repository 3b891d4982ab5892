// Separable Gaussian blur (Eq. 1's D): sampled Gaussian exp(-x^2 / 2 sigma^2), truncated to `size` taps (0: smallest odd >= 6 sigma + 1) and
// renormalised in double precision. Rows first, then columns, float32 sums in ascending tap order; nothing is rounded in between.
// uint8: the float sum is rounded half up. Any border, any radius (indices fold periodically), any size. `dst` may be `src`.
// Methods: `direct` is the definition; `auto` is today the same (no faster approximation is in use, so no error is added).
// Floor: 8 bytes per float sample (2 per byte sample) at memory speed, 2 `size` FMA per sample.
// Error against the exact sum: (2 size + 4) eps times the sum of |tap x sample| (eps = 2^-24); uint8 differs only near a tie.
#pragma once
#include "ir/contract.h"

namespace ir {

enum class BlurMethod : int { Auto = 0, Direct = 1 };

struct GaussianBlurArgs {
  ConstRaster src;
  Raster dst;
  double sigma = 0;
  int size = 0;
  Border border = Border::Reflect101;
  BlurMethod method = BlurMethod::Auto;

  template <class V>
  void visit(V& v) {
    v.in("src", src);
    v.out("dst", dst);
    v.number("sigma", sigma);
    v.integer("size", size, 0);
    v.choice("border", border, {"reflect-101", "symmetric", "replicate"}, Border::Reflect101);
    v.choice("method", method, {"auto", "direct"}, BlurMethod::Auto);
    v.inPlace();
  }
};

/// `size`, or the default size for sigma.
int gaussianSize(double sigma, int size);

void check(const GaussianBlurArgs&);
void run(const GaussianBlurArgs&, const Exec&);
void runCuda(const GaussianBlurArgs&, CudaStream);

}  // namespace ir
