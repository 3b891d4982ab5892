#include "device_yardsticks.h"

#include "cuda/launch.h"

namespace ir::bench {
namespace {

using namespace cuda;

struct Sources {
  const float4* at[4];
};

/// All loads of a thread precede its stores, and none depends on a branch (beyond the end they repeat the last), so that they are under way together.
template <int Reads, int Shape>
__global__ void __launch_bounds__(kThreads) addStreams(const Sources in, float4* out, long long quads) {
  const long long first = (long long)blockIdx.x * kThreads * Shape + threadIdx.x;
  float4 sum[Shape] = {};
#pragma unroll
  for (int q = 0; q < Shape; ++q) {
    const long long at = first + q * kThreads, i = at < quads ? at : quads - 1;
#pragma unroll
    for (int k = 0; k < Reads; ++k) {
      const float4 v = in.at[k][i];
      sum[q] = k == 0 ? v : make_float4(sum[q].x + v.x, sum[q].y + v.y, sum[q].z + v.z, sum[q].w + v.w);
    }
  }
#pragma unroll
  for (int q = 0; q < Shape; ++q)
    if (first + q * kThreads < quads) out[first + q * kThreads] = sum[q];
}

using AddStreams = void (*)(Sources, float4*, long long);

template <int Shape>
AddStreams addStreamsOf(size_t reads) {
  constexpr AddStreams kernels[] = {addStreams<0, Shape>, addStreams<1, Shape>, addStreams<2, Shape>, addStreams<3, Shape>, addStreams<4, Shape>};
  return kernels[reads];
}

constexpr int kChains = 8;  // independent sums of a thread, beside the threads themselves

template <class Scalar>
__global__ void __launch_bounds__(kThreads) multiplyAdds(long long rounds, Scalar* never) {
  Scalar sum[kChains];
  for (int k = 0; k < kChains; ++k) sum[k] = Scalar(k + int(threadIdx.x));
  for (long long r = 0; r < rounds; ++r)
#pragma unroll
    for (int k = 0; k < kChains; ++k) sum[k] = fma(sum[k], Scalar(0.5), Scalar(1));
  for (int k = 1; k < kChains; ++k) sum[0] += sum[k];
  if (sum[0] < 0) *never = sum[0];  // used, as far as the compiler knows
}

int multiprocessors() {
  int device = 0, count = 0;
  IR_CUDA(cudaGetDevice(&device));
  IR_CUDA(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
  return count;
}

template <class Scalar>
void launchMultiplyAdds(double count, CudaStream stream) {
  static const unsigned blocks = 8 * unsigned(multiprocessors());
  const auto rounds = (long long)(count / (double(blocks) * kThreads * kChains)) + 1;
  IR_CUDA_LAUNCH(multiplyAdds<Scalar>, dim3(blocks), stream, rounds, nullptr);
}

}  // namespace

void deviceStream(const std::vector<const float*>& in, float* out, size_t size, int shape, CudaStream stream) {
  Sources sources{};
  for (size_t k = 0; k < in.size(); ++k) sources.at[k] = reinterpret_cast<const float4*>(in[k]);
  const AddStreams kernel = shape == 1 ? addStreamsOf<1>(in.size()) : shape == 2 ? addStreamsOf<2>(in.size()) : addStreamsOf<4>(in.size());
  const auto quads = (long long)(size / 4), perBlock = (long long)kThreads * shape;
  IR_CUDA_LAUNCH(kernel, blocksFor((quads + perBlock - 1) / perBlock), stream, sources, reinterpret_cast<float4*>(out), quads);
}

void deviceMultiplyAdds(double count, bool doubles, CudaStream stream) {
  doubles ? launchMultiplyAdds<double>(count, stream) : launchMultiplyAdds<float>(count, stream);
}

}  // namespace ir::bench
