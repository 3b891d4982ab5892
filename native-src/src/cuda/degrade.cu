#include "ir/degrade.h"

#include "cuda/separable.h"
#include "ir/gaussian_blur.h"

namespace ir {

void runCuda(const DegradeArgs& a, CudaStream stream) {
  const std::vector<double> taps = gaussianTaps(a.sigma, gaussianSize(a.sigma, a.size));
  const auto axis = [&](int in, int out, double scale) {
    return afterBlur(resampleAxis(in, out, scale, a.filter, a.antialias, a.resampleBorder), taps, a.blurBorder);
  };
  const AxisMap x = axis(a.src.width, a.dst.width, a.scaleX), y = axis(a.src.height, a.dst.height, a.scaleY);
  cuda::applySeparable(a.src, a.dst, x, y, a.scaleY <= a.scaleX, stream);
}

}  // namespace ir
