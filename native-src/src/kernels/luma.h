// Planes on the 0..255 scale in double precision, row by row: a channel, or a luma. Shared by compare and NIQE, CPU and CUDA; every backend
// does the same roundings in the same order, so planes agree to the bit.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ir/compare.h"
#include "ir/philox.h"  // IR_HOST_DEVICE
#include "ir/variants.h"

namespace ir {

/// How samples are stored: interleaved uint8; planar float in [0, 1]; planar double on the 0..255 scale, taken as it is.
enum class Store : int { Bytes, Floats, Doubles };

/// Where a plane's samples come from. `channel` < 0 asks for the luma of R, G, B (of the one channel three times, when there is but one).
struct PlaneSource {
  const void* data;
  Store store;
  int width, height, channels, channel;
  double r, g, b, offset;  // luma weights for samples on the 0..255 scale
  bool rounded;
  bool fused;  // fused products in the order G, R, B, as numpy's matrix product takes them: weights of three decimals make ties, which fall as there
  double levels, step;  // floats: to the nearest multiple of 1 / levels, a whole number, over `step`; step 0: times 255, nothing recovered
};

/// Plane `plane` of `colour` (which for a luma is 0). `levels`: floats are multiples of 1 / levels (255 or 65535), or 0 for free ones.
static inline PlaneSource planeSource(const ConstRaster& p, Colour colour, int plane, int levels = 0) {
  PlaneSource s{p.data,         p.pixel == Pixel::U8 ? Store::Bytes : Store::Floats,
                p.width,        p.height,
                p.channels,     colour == Colour::Rgb ? plane : -1,
                0.299,          0.587,
                0.114,          0,
                true,           colour == Colour::Gray601Rounded,
                double(levels), levels / 255.0};
  if (colour == Colour::YStudio || colour == Colour::YStudioRounded) {
    s.r = 65.481 / 255, s.g = 128.553 / 255, s.b = 24.966 / 255, s.offset = 16;
    s.rounded = colour == Colour::YStudioRounded;
  }
  if (colour == Colour::GrayRounded) s.r = 0.298936021293775, s.g = 0.587043074451121, s.b = 0.114020904255103;
  return s;
}

/// A plane made before, on the 0..255 scale.
static inline PlaneSource planeOfDoubles(const double* data, int width, int height) {
  PlaneSource s{};
  s.data = data;
  s.store = Store::Doubles;
  s.width = width;
  s.height = height;
  s.channels = 1;
  return s;
}

/// To the nearest integer, ties to even (as numpy's round), by additions alone; NaN, infinities and values of 2^51 and more come back as they are.
template <class Double>
IR_HOST_DEVICE static inline Double roundEven(Double v) {
  const double shift = 6755399441055744.0;  // 1.5 * 2^52: the sum has no fraction bits left
  const Double r = (v + shift) - shift;
  return ((v > -2251799813685248.0) & (v < 2251799813685248.0)) ? r : v;
}

/// A float sample on the 0..255 scale; of 8 and 16 bits exactly, so that ties of a rounded luma fall as for integers.
template <class Double>
IR_HOST_DEVICE static inline Double scaled(const PlaneSource& s, Double v) {
  return s.step == 0 ? v * 255.0 : roundEven(v * s.levels) / s.step;
}

IR_HOST_DEVICE static inline double lumaOf(const PlaneSource& s, double r, double g, double b) {
  const double v = s.fused ? ::fma(s.b, b, ::fma(s.r, r, s.g * g)) : s.r * r + s.g * g + s.b * b + s.offset;
  return s.rounded ? roundEven(v) : v;
}

/// Value at (x, y); planeSamples, one sample at a time.
IR_HOST_DEVICE static inline double planeAt(const PlaneSource& s, int x, int y) {
  const size_t at = size_t(y) * size_t(s.width) + size_t(x), pitch = size_t(s.width) * size_t(s.height);
  const auto sample = [&](int c) {
    if (s.store == Store::Bytes) return double(static_cast<const uint8_t*>(s.data)[at * size_t(s.channels) + size_t(c)]);
    if (s.store == Store::Doubles) return static_cast<const double*>(s.data)[size_t(c) * pitch + at];
    return scaled(s, double(static_cast<const float*>(s.data)[size_t(c) * pitch + at]));
  };
  if (s.channel >= 0) return sample(s.channel);
  return s.channels < 3 ? lumaOf(s, sample(0), sample(0), sample(0)) : lumaOf(s, sample(0), sample(1), sample(2));
}

}  // namespace ir

/// n values of row y from column x on.
IR_VARIANTS(void, planeSamples, (const PlaneSource& s, int x, int y, int n, double* dst))
