#include "ir/resample.h"

#ifndef IR_VARIANT_PASS
#include <cmath>
#include <string>

#include "kernels/raster_checks.h"
#include "kernels/resample_checks.h"
#include "kernels/separable.h"

namespace ir {

void check(const ResampleArgs& a) {
  checkResize(a.src, a.dst, a.scaleX, a.scaleY);
  require(a.filter != Filter::CubicOpenCv || a.border == Border::Replicate || a.border == Border::Symmetric, Code::Unsupported,
          "expected border replicate for cubic-opencv");
}

void run(const ResampleArgs& a, const Exec& exec) {
  const Border border = a.filter == Filter::CubicOpenCv ? Border::Replicate : a.border;
  const AxisMap x = resampleAxis(a.src.width, a.dst.width, a.scaleX, a.filter, a.antialias, border);
  const AxisMap y = resampleAxis(a.src.height, a.dst.height, a.scaleY, a.filter, a.antialias, border);
  applySeparable(a.src, a.dst, x, y, a.scaleY <= a.scaleX, exec);
}

}  // namespace ir
#endif
