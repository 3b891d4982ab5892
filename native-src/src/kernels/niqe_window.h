// NIQE's local window, shared by CPU and CUDA (host side).
#pragma once
#include <vector>

namespace ir {

constexpr int kNiqeRadius = 3;

/// The 7x7 Gaussian window of sigma 7/6, row by row, sum 1 in two dimensions.
std::vector<double> niqeWindow();

}  // namespace ir
