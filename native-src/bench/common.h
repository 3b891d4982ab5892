// What the floor probes of the processor and of the device share: the size of the picture, samples to fill operands with, the median.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ir::bench {

constexpr int kWidth = 2040, kHeight = 1356, kChannels = 3;  // the photograph of the other benches
constexpr double kSamples = double(kWidth) * kHeight * kChannels;

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// Deterministic filling without denormals or flat areas.
inline std::vector<float> floats(size_t size, int seed) {
  std::vector<float> v(size);
  uint32_t state = uint32_t(seed) * 2654435761u + 1;
  for (float& x : v) x = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-24f;
  return v;
}

inline std::vector<uint8_t> bytes(size_t size, int seed) {
  std::vector<uint8_t> v(size);
  uint32_t state = uint32_t(seed) * 2654435761u + 1;
  for (uint8_t& x : v) x = uint8_t((state = state * 1664525u + 1013904223u) >> 24);
  return v;
}

/// Multiply-adds of `taps` a sample along each axis, the first pass on full rows, the second on reduced ones.
inline double separableWork(int factor, int taps) { return kSamples * taps * (1.0 / factor + 1.0 / (factor * factor)); }

/// Per sample; see compare.h.
constexpr double kSsimWork = 88;
/// Per pixel: 245 operations for the moments and 40 for the products, a quarter more for the half size; each takes the place of a multiply-add.
constexpr double kNiqeWork = 285 * 1.25;

}  // namespace ir::bench
