// Resampling by free factors, separable; the axis with the smaller scale first (rows of samples before columns when equal), as MATLAB's
// imresize; float32 in between, nothing rounded. Output sizes are the caller's; scale fixes the grid: input coordinate of output x (0-based) is
//   u = (x + 0.5) / scale - 0.5.
// cubic is Keys with a = -0.5; with `antialias` and scale < 1 the kernel is stretched by 1 / scale; weights of an output are normalised to
// sum 1. cubic-opencv is a = -0.75, never antialiased, border replicate. Default border symmetric (MATLAB).
// uint8: rounded half up and clipped; float is not clipped.
// Floor: bytes in + bytes out at memory speed; (taps / scale-factor) FMA per input sample.
// Error: (taps_x + taps_y + 4) eps times the sum of |weight x sample|.
#pragma once
#include "ir/contract.h"

namespace ir {

enum class Filter : int { Cubic = 0, Linear = 1, Box = 2, Lanczos3 = 3, CubicOpenCv = 4 };

// clang-format off
#define IR_FILTER_NAMES {"cubic", "linear", "box", "lanczos3", "cubic-opencv"}
#define IR_RESAMPLE_BORDERS {"reflect-101", "symmetric", "replicate"}
// clang-format on

struct ResampleArgs {
  ConstRaster src;
  Raster dst;
  double scaleX = 0, scaleY = 0;
  Filter filter = Filter::Cubic;
  bool antialias = true;
  Border border = Border::Symmetric;

  template <class V>
  void visit(V& v) {
    v.in("src", src);
    v.out("dst", dst);
    v.number("scaleX", scaleX);
    v.number("scaleY", scaleY);
    v.choice("filter", filter, IR_FILTER_NAMES, Filter::Cubic);
    v.flag("antialias", antialias, true);
    v.choice("border", border, IR_RESAMPLE_BORDERS, Border::Symmetric);
  }
};

void check(const ResampleArgs&);
void run(const ResampleArgs&, const Exec&);
void runCuda(const ResampleArgs&, CudaStream);

}  // namespace ir
