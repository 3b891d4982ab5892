// Applies an AxisMap along each axis of a picture: the engine of `resample` and `degrade`.
#pragma once
#include "ir/exec.h"
#include "ir/raster.h"
#include "kernels/taps.h"

namespace ir {

/// `columnsFirst` filters along y before x. uint8 is rounded half up and clipped.
void applySeparable(const ConstRaster& src, const Raster& dst, const AxisMap& alongX, const AxisMap& alongY, bool columnsFirst, const Exec& exec);

}  // namespace ir
