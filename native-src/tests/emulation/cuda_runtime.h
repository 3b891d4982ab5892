// Stands in for CUDA's header where the .cu files are compiled as C++: the part of the runtime that they use, executed on the host. Threads of
// a block are fibers that meet at __syncthreads(); what a device would leave undefined is an error or stands out:
//   a barrier that some threads of a block miss       cudaErrorLaunchFailure from the launch
//   a barrier that is missing                         other results with IR_EMULATION_ORDER=descending, which runs threads and blocks backwards
//   a write outside an allocation                     cudaErrorIllegalAddress from cudaFree and the next synchronisation
//   device memory that was never written              reads as not-a-number, or 255
//   a copy to or from what is no device memory        cudaErrorInvalidValue
// Not emulated: speed, warps, asynchrony, reads outside an allocation (build with -fsanitize=address), host memory read by a kernel.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>

#define __device__
#define __host__
#define __global__
#define __shared__ static  // blocks run one after another
#define __grid_constant__
#define __launch_bounds__(threads)

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorNoDevice = 100,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchFailure = 719
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum { cudaStreamNonBlocking = 1 };
using cudaStream_t = struct CUstream_st*;
struct cudaDeviceProp {
  char name[256];
  int major, minor;
  size_t totalGlobalMem;
};
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
};

const char* cudaGetErrorName(cudaError_t);
const char* cudaGetErrorString(cudaError_t);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp*, int device);
cudaError_t cudaMalloc(void** memory, size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t*, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t);
cudaError_t cudaStreamSynchronize(cudaStream_t);

extern dim3 threadIdx, blockIdx, blockDim, gridDim;
void __syncthreads();

namespace emulation {

/// Runs `thread` once for every thread of every block.
cudaError_t launch(dim3 grid, dim3 block, const std::function<void()>& thread);

/// What the tests of the emulation look at and set.
struct State {
  bool present = true;                           // whether there is a device
  bool descending = false;                       // order of blocks, and of threads between barriers
  int failAt = -1;                               // the call that is to fail, counted down from here; -1: none
  cudaError_t failure = cudaErrorLaunchFailure;  // with this
  int allocations = 0, streams = 0;              // alive
  int damaged = 0;                               // allocations freed with bytes around them overwritten
};
State& state();

}  // namespace emulation

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), Arguments&&... arguments) {
  return emulation::launch(config->gridDim, config->blockDim, [&] { kernel(arguments...); });
}
