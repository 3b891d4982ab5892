// NIQE's features (Mittal, Soundararajan, Bovik 2013), 36 per block of 96x96: 18 at full size and 18 at half size (48x48).
//   Plane: a luma on the 0..255 scale, `crop` removed on every side, cut to multiples of 96 (right, bottom). The half-size plane is MATLAB's
//   antialiased bicubic x0.5 of it, not rounded.
//   Normalised coefficients (I - mu) / (sigma + 1) with a 7x7 Gaussian of sigma 7/6, border replicate; mu and sigma from sums over differences
//   from the centre sample, in raster order and without contraction, so that a flat neighbourhood gives exactly 0 everywhere ("flat=0").
//   Features: AGGD alpha and (bl + br) / 2 of the block, then for the products with the block shifted circularly by (0,1), (1,0), (1,1), (1,-1):
//   alpha, (br - bl) Gamma(2/alpha) / Gamma(1/alpha), bl, br. alpha = argmin over 0.2 : 0.001 : 10 of (r(alpha) - R)^2, first of equals.
// Results: row-major over blocks, then features; NaN where a block is flat. Double precision throughout.
// Floor: 245 operations per pixel for the two moments, 40 for the products, x 1.25 for the second scale; 1 or 4 bytes read per sample.
// Variants and CUDA: coefficients to 1e-13; alpha equal but where two grid points are tied to that precision.
#pragma once
#include "ir/compare.h"

namespace ir {

constexpr int kNiqeBlock = 96, kNiqeFeatures = 36;

struct NiqeArgs {
  ConstRaster image;
  Colour colour = Colour::YStudioRounded;
  int crop = 0, levels = 0;  // levels: as in compare.h
  Results features;

  template <class V>
  void visit(V& v) {
    v.in("image", image);
    v.choice("colour", colour, {"rgb", "y-studio", "y-studio-rounded", "y-full-rounded", "gray-rounded", "gray601-rounded"}, Colour::YStudioRounded);
    v.integer("crop", crop, 0);
    v.integer("levels", levels, 0);
    v.results("features", features);
  }

  int columns() const { return (image.width - 2 * crop) / kNiqeBlock; }
  int rows() const { return (image.height - 2 * crop) / kNiqeBlock; }
};

void check(const NiqeArgs&);
void run(const NiqeArgs&, const Exec&);
void runCuda(const NiqeArgs&, CudaStream);

}  // namespace ir
