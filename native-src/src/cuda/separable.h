// Applies an AxisMap along each axis of a picture on the device: the engine of `resample` and `degrade`.
#pragma once
#include "ir/contract.h"
#include "kernels/taps.h"

namespace ir::cuda {

/// kernels/separable.h with device pointers; returns when the work is done.
void applySeparable(const ConstRaster& src, const Raster& dst, const AxisMap& alongX, const AxisMap& alongY, bool columnsFirst, CudaStream stream);

}  // namespace ir::cuda
