// Launches as plain C++ (no <<< >>>), so that the same files also compile for the host emulation in tests/emulation; and what kernels share.
#pragma once
#include <utility>

#include "cuda/check.h"
#include "ir/contract.h"

namespace ir::cuda {

constexpr int kThreads = 256;  // a block of every kernel here
constexpr int kWarp = 32, kWarps = kThreads / kWarp;

struct Place {
  const char *what, *file;
  int line;
};

template <class... Parameters, class... Arguments>
void launch(const Place& place, void (*kernel)(Parameters...), dim3 grid, CudaStream stream, Arguments&&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = dim3(kThreads);
  config.stream = static_cast<cudaStream_t>(stream);
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), place.what, place.file, place.line);
}

/// Blocks of a one-dimensional grid, one a tile.
inline dim3 blocksFor(long long tiles) {
  require(tiles <= INT32_MAX, Code::Unsupported, "expected a picture of fewer than 2^31 tiles for backend cuda, got " + std::to_string(tiles));
  return dim3(unsigned(tiles));
}

/// A grid for a loop over n items by globalThread() and globalThreads(): never more than a few waves of the largest devices of today.
inline dim3 gridFor(long long n) {
  constexpr long long kMost = 4096;
  const long long blocks = (n + kThreads - 1) / kThreads;
  return dim3(unsigned(blocks < kMost ? blocks : kMost));
}

/// Waits for all work of a call; before memory that it uses goes.
inline void synchronize(CudaStream stream) { IR_CUDA(cudaStreamSynchronize(static_cast<cudaStream_t>(stream))); }

__device__ inline long long globalThread() { return (long long)blockIdx.x * kThreads + threadIdx.x; }
__device__ inline long long globalThreads() { return (long long)gridDim.x * kThreads; }

/// Sum over the block in a fixed tree: equal on every run. Every thread gets it; `scratch` holds kThreads doubles.
__device__ inline double blockSum(double value, double* scratch) {
  const int t = int(threadIdx.x);
  scratch[t] = value;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (t < half) scratch[t] += scratch[t + half];
    __syncthreads();
  }
  const double sum = scratch[0];
  __syncthreads();  // scratch may be used again
  return sum;
}

}  // namespace ir::cuda

/// IR_CUDA_LAUNCH(kernel, grid, stream, arguments...): blocks of kThreads threads. A bad configuration throws at once; faults inside the kernel
/// surface at the next synchronisation.
#define IR_CUDA_LAUNCH(kernel, ...) ::ir::cuda::launch({#kernel, __FILE__, __LINE__}, kernel, __VA_ARGS__)
