// What a device can at best reach, run like a kernel: plain streams of memory, and multiply-adds that never wait.
#pragma once
#include <cstddef>
#include <vector>

#include "ir/contract.h"

namespace ir::bench {

/// How many float4 a thread of a stream moves; which is fastest differs from device to device.
constexpr int kStreamShapes[] = {1, 2, 4};

/// Adds 0 to 4 vectors of `size` floats (a multiple of four) into one. `shape` is one of kStreamShapes.
void deviceStream(const std::vector<const float*>& in, float* out, size_t size, int shape, CudaStream stream);

/// `count` multiply-adds on floats or doubles, spread over the device.
void deviceMultiplyAdds(double count, bool doubles, CudaStream stream);

}  // namespace ir::bench
