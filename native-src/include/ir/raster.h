// The two pixel layouts every kernel takes: planar float32 and interleaved uint8. Nothing else crosses a contract.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ir {

enum class Pixel : uint8_t { F32 /* planar, channel c at data + c*width*height */, U8 /* interleaved */ };

/// A view of a picture; owns nothing. F32 samples are in [0, 1] by convention (kernels do not clip unless they say so), U8 in 0..255.
template <class Void>
struct BasicRaster {
  Void* data = nullptr;
  Pixel pixel = Pixel::F32;
  int width = 0, height = 0, channels = 0;

  size_t plane() const { return size_t(width) * size_t(height); }
  size_t samples() const { return plane() * size_t(channels); }
  size_t bytes() const { return samples() * (pixel == Pixel::F32 ? sizeof(float) : 1); }
};
using Raster = BasicRaster<void>;
using ConstRaster = BasicRaster<const void>;

/// A view of a plain float32 vector; `data == nullptr` stands for an operand that is not used.
template <class Float>
struct BasicSpan {
  Float* data = nullptr;
  size_t size = 0;
};
using Span = BasicSpan<float>;
using ConstSpan = BasicSpan<const float>;

/// A few double results (scores, features) written by the kernel.
struct Results {
  double* data = nullptr;
  size_t size = 0;
};

}  // namespace ir
