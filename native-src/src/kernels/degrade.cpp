#include "ir/degrade.h"

#ifndef IR_VARIANT_PASS
#include <string>

#include "ir/gaussian_blur.h"
#include "kernels/resample_checks.h"
#include "kernels/separable.h"

namespace ir {

void check(const DegradeArgs& a) {
  checkResize(a.src, a.dst, a.scaleX, a.scaleY);
  GaussianBlurArgs blur;
  blur.src = a.src;
  blur.dst = {const_cast<void*>(a.src.data), a.src.pixel, a.src.width, a.src.height, a.src.channels};  // only its shape is looked at
  blur.sigma = a.sigma;
  blur.size = a.size;
  check(blur);
  require(a.filter != Filter::CubicOpenCv, Code::Unsupported, "expected a filter other than cubic-opencv; run gaussianBlur, then resample");
}

void run(const DegradeArgs& a, const Exec& exec) {
  const std::vector<double> taps = gaussianTaps(a.sigma, gaussianSize(a.sigma, a.size));
  const auto axis = [&](int in, int out, double scale) {
    return afterBlur(resampleAxis(in, out, scale, a.filter, a.antialias, a.resampleBorder), taps, a.blurBorder);
  };
  const AxisMap x = axis(a.src.width, a.dst.width, a.scaleX), y = axis(a.src.height, a.dst.height, a.scaleY);
  applySeparable(a.src, a.dst, x, y, a.scaleY <= a.scaleX, exec);
}

}  // namespace ir
#endif
