// Gaussian blur and resampling fused (Eq. 1 without noise): each axis' two filters, borders included, are composed in double precision into
// one strided map, so that the result equals the two steps for every pair of borders, and the blurred picture is never made. Nothing is
// rounded between the steps; callers whose degradation rounds there take the two kernels instead.
// Floor: bytes in + bytes out; K / s + K / s^2 FMA per input sample with K = blur taps + resampling taps and reduction s.
// Error against the two steps in exact arithmetic: (K_x + K_y + 4) eps times the sum of |weight x sample|.
#pragma once
#include "ir/resample.h"

namespace ir {

struct DegradeArgs {
  ConstRaster src;
  Raster dst;
  double sigma = 0, scaleX = 0, scaleY = 0;
  int size = 0;
  Filter filter = Filter::Cubic;
  bool antialias = true;
  Border blurBorder = Border::Reflect101, resampleBorder = Border::Symmetric;

  template <class V>
  void visit(V& v) {
    v.in("src", src);
    v.out("dst", dst);
    v.number("sigma", sigma);
    v.integer("size", size, 0);
    v.choice("blurBorder", blurBorder, IR_RESAMPLE_BORDERS, Border::Reflect101);
    v.number("scaleX", scaleX);
    v.number("scaleY", scaleY);
    v.choice("filter", filter, IR_FILTER_NAMES, Filter::Cubic);
    v.flag("antialias", antialias, true);
    v.choice("resampleBorder", resampleBorder, IR_RESAMPLE_BORDERS, Border::Symmetric);
  }
};

void check(const DegradeArgs&);
void run(const DegradeArgs&, const Exec&);
void runCuda(const DegradeArgs&, CudaStream);

}  // namespace ir
