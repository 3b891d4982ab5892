// Checks that several kernels share, in the one grammar of messages.
#pragma once
#include <string>

#include "ir/error.h"
#include "ir/raster.h"

namespace ir {

template <class R>
std::string describe(const R& r) {
  return std::to_string(r.width) + "x" + std::to_string(r.height) + "x" + std::to_string(r.channels) +
         (r.pixel == Pixel::F32 ? " float32" : " uint8");
}

/// 1 to 4 channels, at least one pixel, at most 2^31 - 1 samples a row and 2^40 in all (sizes are checked against the data by the binding).
template <class R>
void checkRaster(const char* name, const R& r) {
  require(r.width >= 1 && r.height >= 1 && r.channels >= 1 && r.channels <= 4 && int64_t(r.width) * r.channels <= INT32_MAX &&
              r.samples() <= (size_t(1) << 40),
          Code::Shape, std::string("expected ") + name + " to have at least one pixel and 1 to 4 channels, got " + describe(r));
}

template <class A, class B>
void checkSame(const char* name, const A& a, const char* other, const B& b) {
  checkRaster(name, a);
  require(a.width == b.width && a.height == b.height && a.channels == b.channels && a.pixel == b.pixel, Code::Shape,
          std::string("expected ") + name + " to have the shape of " + other + ", " + describe(b) + ", got " + describe(a));
}

}  // namespace ir
