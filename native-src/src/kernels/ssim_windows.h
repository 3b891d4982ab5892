// What the windows of SSIM weigh and where they lie; shared by CPU and CUDA.
#pragma once
#include <algorithm>
#include <vector>

#include "ir/compare.h"
#include "kernels/taps.h"

namespace ir {

struct SsimWindows {
  std::vector<double> taps;  // kSsimWindow weights along an axis; a smaller window stands within a frame of zeros
  int pad;                   // columns and rows that windows reach out of the picture on either side
  double c2;                 // divided by samples / (samples - 1), instead of sample moments multiplied by it
};

inline SsimWindows ssimWindows(const CompareArgs& a) {
  constexpr int kHalf = kSsimWindow / 2, kSmall = 7;
  const bool gauss = a.window == Weights::Gauss11;
  const int radius = gauss ? kHalf : kSmall / 2;
  SsimWindows w{std::vector<double>(kSsimWindow, 0), a.border == Window::Valid ? kHalf - radius : kHalf, 0.03 * 255 * 0.03 * 255};
  const std::vector<double> weights = gauss ? gaussianTaps(1.5, kSsimWindow) : std::vector<double>(kSmall, 1.0 / kSmall);
  std::copy(weights.begin(), weights.end(), w.taps.begin() + (kHalf - radius));
  if (!gauss) w.c2 *= double(kSmall * kSmall - 1) / (kSmall * kSmall);
  return w;
}

/// How much of channel `other` a volume's window around channel `own` takes in, the outermost channels being repeated.
inline double volumeWeight(const SsimWindows& windows, int own, int other, int channels) {
  double weight = 0;
  for (int k = 0; k < kSsimWindow; ++k)
    if (std::min(channels - 1, std::max(0, own + k - kSsimWindow / 2)) == other) weight += windows.taps[size_t(k)];
  return weight;
}

}  // namespace ir
