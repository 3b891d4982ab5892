// One-dimensional filters in double precision: Gaussian taps, resampling weights, and their composition. Shared by CPU and CUDA.
#pragma once
#include <cstddef>
#include <vector>

#include "ir/contract.h"
#include "ir/resample.h"

namespace ir {

/// Sampled Gaussian of `size` (odd) taps, sum 1.
std::vector<double> gaussianTaps(double sigma, int size);

/// A linear map of one axis, n samples in, m out: output i is the dot product of `weights[i * stride ...]` with inputs first[i] .. first[i] +
/// count[i] - 1. Borders are already folded in: every index is inside the picture.
struct AxisMap {
  int in = 0, out = 0, stride = 0;
  std::vector<int> first, count;
  std::vector<double> weights;

  std::vector<float> floatWeights() const { return {weights.begin(), weights.end()}; }
};

/// MATLAB's imresize along one axis (`out` samples at `scale`), folded with `border`.
AxisMap resampleAxis(int in, int out, double scale, Filter filter, bool antialias, Border border);

/// First a blur with `taps` folded by `blurBorder`, then `down`: exactly the two steps, borders included, as one map.
AxisMap afterBlur(const AxisMap& down, const std::vector<double>& taps, Border blurBorder);

}  // namespace ir
