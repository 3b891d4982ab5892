// Four neighbouring elements of a float vector at a time, as the thread that makes the noise of one Philox block wants them.
#pragma once
#include <cstdint>

#include "cuda/launch.h"
#include "ir/philox.h"  // IR_HOST_DEVICE

namespace ir::cuda {

/// Elements first .. first + 3 of a vector of n; those outside are read as 0 and not written. `vector`: all inside and 16-byte aligned.
struct Quad {
  long long first, n;
  bool vector;

  __device__ bool has(int j) const { return first + j >= 0 && first + j < n; }

  __device__ void load(const float* p, float (&v)[4]) const {
    if (vector) {
      const float4 q = *reinterpret_cast<const float4*>(p + first);
      v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
    } else {
      for (int j = 0; j < 4; ++j) v[j] = has(j) ? p[first + j] : 0.0f;
    }
  }
  __device__ void store(float* p, const float (&v)[4]) const {
    if (vector) {
      *reinterpret_cast<float4*>(p + first) = make_float4(v[0], v[1], v[2], v[3]);
    } else {
      for (int j = 0; j < 4; ++j)
        if (has(j)) p[first + j] = v[j];
    }
  }
};

/// Quad q of a vector of n whose element 0 is number `shift` of quad 0; `aligned`: every pointer read or written with it is at a multiple of 16.
__device__ inline Quad quadOf(long long q, int shift, long long n, bool aligned) {
  const long long first = 4 * q - shift;
  return {first, n, aligned && shift == 0 && first + 4 <= n};
}

IR_HOST_DEVICE inline bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

}  // namespace ir::cuda
