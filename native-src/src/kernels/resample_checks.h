// What resample and degrade check alike.
#pragma once
#include <cmath>

#include "kernels/raster_checks.h"

namespace ir {

inline void checkResize(const ConstRaster& src, const Raster& dst, double scaleX, double scaleY) {
  checkRaster("src", src);
  checkRaster("dst", dst);
  require(src.channels == dst.channels && src.pixel == dst.pixel, Code::Shape,
          "expected dst to have the channels and sample type of src, " + describe(src) + ", got " + describe(dst));
  for (const double s : {scaleX, scaleY})
    require(std::isfinite(s) && s >= 1.0 / 4096 && s <= 4096, Code::Argument, "expected scales in 1/4096..4096, got " + std::to_string(s));
}

}  // namespace ir
