#include "ir/resample.h"

#include "cuda/separable.h"

namespace ir {

void runCuda(const ResampleArgs& a, CudaStream stream) {
  const Border border = a.filter == Filter::CubicOpenCv ? Border::Replicate : a.border;
  const AxisMap x = resampleAxis(a.src.width, a.dst.width, a.scaleX, a.filter, a.antialias, border);
  const AxisMap y = resampleAxis(a.src.height, a.dst.height, a.scaleY, a.filter, a.antialias, border);
  cuda::applySeparable(a.src, a.dst, x, y, a.scaleY <= a.scaleX, stream);
}

}  // namespace ir
