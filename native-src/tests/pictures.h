// Pictures and variants for the kernel tests.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "ir/exec.h"
#include "ir/raster.h"

namespace ir::test {

/// A small generator with fixed results everywhere.
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  uint32_t next() {
    state_ = state_ * 1664525u + 1013904223u;
    return state_ >> 8;
  }
  int below(int n) { return int(next() % uint32_t(n)); }
  double unit() { return next() / 16777216.0; }

 private:
  uint32_t state_;
};

/// A picture that owns samples of either type.
struct Picture {
  int width, height, channels;
  std::vector<uint8_t> bytes;  // interleaved, when `floats` is empty
  std::vector<float> floats;   // planar

  ConstRaster view() const {
    if (floats.empty()) return {bytes.data(), Pixel::U8, width, height, channels};
    return {floats.data(), Pixel::F32, width, height, channels};
  }
  Raster raster() {
    if (floats.empty()) return {bytes.data(), Pixel::U8, width, height, channels};
    return {floats.data(), Pixel::F32, width, height, channels};
  }
  /// As it is stored: 0..255, or a float.
  double sample(int c, int x, int y) const {
    if (floats.empty()) return bytes[(size_t(y) * width + x) * channels + c];
    return double(floats[(size_t(c) * height + y) * width + x]);
  }
  /// An unfilled picture of the same type and channels; samples that a kernel forgets stand out.
  Picture blank(int w, int h) const {
    Picture p{w, h, channels, {}, {}};
    const size_t samples = size_t(w) * size_t(h) * size_t(channels);
    floats.empty() ? p.bytes.assign(samples, 0xA5) : p.floats.assign(samples, -1e30f);
    return p;
  }
  bool operator==(const Picture& other) const { return bytes == other.bytes && floats == other.floats; }

  /// On the 0..255 scale.
  double at(int c, int x, int y) const {
    if (floats.empty()) return bytes[(size_t(y) * width + x) * channels + c];
    return double(floats[(size_t(c) * height + y) * width + x]) * 255.0;
  }
};

template <class Value>  // (c, x, y) -> 0..255
Picture bytePicture(int width, int height, int channels, Value value) {
  Picture p{width, height, channels, {}, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) p.bytes.push_back(uint8_t(value(c, x, y)));
  return p;
}

template <class Value>  // (c, x, y) -> 0..1
Picture floatPicture(int width, int height, int channels, Value value) {
  Picture p{width, height, channels, {}, {}};
  for (int c = 0; c < channels; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) p.floats.push_back(float(value(c, x, y)));
  return p;
}

/// Samples from one end of the range to the other.
inline Picture randomPicture(int width, int height, int channels, uint32_t seed, bool floats) {
  Random random(seed);
  if (floats) return floatPicture(width, height, channels, [&](int, int, int) { return random.unit(); });
  return bytePicture(width, height, channels, [&](int, int, int) { return random.below(256); });
}

/// The variants this processor has; the others are named as skipped, once.
inline const std::vector<Variant>& variants() {
  static const std::vector<Variant> present = [] {
    std::vector<Variant> list;
    for (const Variant v : {Variant::Base, Variant::Avx2, Variant::Avx512}) {
      if (variantSupported(v))
        list.push_back(v);
      else
        MESSAGE("SKIPPED: this processor lacks " << std::string(variantName(v)));
    }
    return list;
  }();
  return present;
}

}  // namespace ir::test
