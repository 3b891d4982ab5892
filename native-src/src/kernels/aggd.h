// Asymmetric generalised Gaussian fit from sums over samples. Shared by CPU and CUDA (host side).
#pragma once

namespace ir {

struct AggdSums {
  double leftSquares = 0, rightSquares = 0, absolute = 0;
  double left = 0, right = 0, count = 0;  // numbers of negative, positive and all samples
};

/// Writes the 18 features of one scale from the sums of the block and of its four products.
void aggdFeatures(const AggdSums sums[5], double features[18]);

/// Index into the grid 0.2 : 0.001 : 10 that minimises (r(alpha) - target)^2, the first of equals.
int nearestShape(double target);
double shapeRatio(int index);

}  // namespace ir
